/** The document's title: what the page says, so that tabs, bookmarks and screen readers tell pages apart. */
import { useEffect } from "preact/hooks";

const NAME = "Playlog";

/** Undefined leaves the title to somebody else. */
export function useTitle(said: string | undefined): void {
  useEffect(() => {
    if (said !== undefined) document.title = said ? `${said} – ${NAME}` : NAME;
  }, [said]);
}
