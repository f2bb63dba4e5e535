/** A component that is fetched when it is first needed, so that the first load stays small. */
import type { ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";
import { useTitle } from "./title.ts";
import { t } from "../words/index.ts";

const PATIENCE_MS = 10_000;

interface Props<P> {
  load(): Promise<ComponentType<P>>;
  props: P;
  title?: string; // of the document, where the part is a whole page
}

/** Says so when loading takes longer than a blink, and offers a way on when it fails or takes too long. */
export function Later<P extends object>({ load, props, title }: Props<P>) {
  useTitle(title);
  const [loaded, setLoaded] = useState<{ Part?: ComponentType<P>; failed?: boolean }>({});
  useEffect(() => {
    const fail = () => setLoaded({ failed: true });
    const timer = setTimeout(fail, PATIENCE_MS);
    let wanted = true;
    load()
      .then((Part) => wanted && setLoaded({ Part }), () => wanted && fail())
      .finally(() => clearTimeout(timer));
    return () => {
      wanted = false;
      clearTimeout(timer);
    };
  }, [load]);
  if (loaded.Part) return <loaded.Part {...props} />;
  return loaded.failed ? <Failed /> : <Loading />;
}

function Loading() {
  return (
    <div class="message patient" role="status">
      <p>{t("page.loading")}</p>
    </div>
  );
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
