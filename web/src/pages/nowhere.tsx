/** An address that names nothing. */
import { t } from "../words/index.ts";

export function NowherePage() {
  return (
    <section class="sheet message" data-state="nowhere">
      <h1>{t("page.notFound")}</h1>
      <a class="button primary" href="/">
        {t("page.start")}
      </a>
    </section>
  );
}
