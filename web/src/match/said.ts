/** What the page of a match says in each state: its headline, its title, and what screen readers hear. */
import type { State } from "../core/screen.ts";
import { problemText, t } from "../words/index.ts";
import { nearlyOver } from "./clock.tsx";
import { plain, say, type Said } from "./say.ts";
import type { Table } from "./table.ts";

export function stateOf(table: Table): State {
  if (table.missing.value) return table.missing.value === "unknown_match" ? "not-found" : "failed";
  if (table.picture.value) return table.picture.value.state;
  return table.link.value === "ok" ? "loading" : "away";
}

export function saidAt(table: Table, state: State): Said {
  switch (state) {
    case "loading":
      return plain(t("say.loading"));
    case "away":
      return plain(t("say.away"), t("say.away.more"));
    case "not-found":
      return plain(t("say.notFound"), t("say.notFound.more"));
    case "failed":
      return plain(t("say.failed"), problemText(table.missing.value ?? "unknown"));
    case "joining":
      return plain(t("say.joining"));
    case "free":
      return plain(t("say.free"));
    case "waiting":
      return plain(t("wait.title"));
    case "expired":
      return plain(t("say.expired"), t("say.expired.more"));
    default:
      return saidOfPlay(table, state);
  }
}

function saidOfPlay(table: Table, state: State): Said {
  const [view, picture] = [table.view.value, table.picture.value];
  if (!view || !picture) return plain("");
  return say(view, picture, state === "thrown" && nearlyOver(view), table.link.value === "away");
}
