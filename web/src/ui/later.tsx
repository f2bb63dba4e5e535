/** A component that is fetched when it is first needed, so that the first load stays small. */
import type { ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";
import { useTitle } from "./title.ts";
import { t } from "../words/index.ts";

interface Props<P> {
  load(): Promise<ComponentType<P>>;
  props: P;
  title?: string; // of the document, where the part is a whole page
}

/** Stays empty while loading, which takes one request; says so when that fails. */
export function Later<P extends object>({ load, props, title }: Props<P>) {
  useTitle(title);
  const [loaded, setLoaded] = useState<{ Part?: ComponentType<P>; failed?: boolean }>({});
  useEffect(() => {
    let wanted = true;
    load().then(
      (Part) => wanted && setLoaded({ Part }),
      () => wanted && setLoaded({ failed: true }),
    );
    return () => {
      wanted = false;
    };
  }, [load]);
  if (loaded.failed) return <Failed />;
  return loaded.Part ? <loaded.Part {...props} /> : null;
}

/** A part that failed to load is not asked for again by the browser, so only a reload helps. */
function Failed() {
  return (
    <div class="message" role="alert">
      <p>{t("say.away")}</p>
      <button class="button" type="button" onClick={() => location.reload()}>
        {t("page.retry")}
      </button>
    </div>
  );
}
