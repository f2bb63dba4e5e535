/** An address that names nothing. */
import { EmptyTable } from "../ui/shapes.tsx";
import { useTitle } from "../ui/title.ts";
import { t } from "../words/index.ts";

export function NowherePage() {
  useTitle(t("page.notFound"));
  return (
    <section class="message" data-state="nowhere">
      <EmptyTable />
      <h1>{t("page.notFound")}</h1>
      <a class="button primary" href="/">
        {t("page.start")}
      </a>
    </section>
  );
}
