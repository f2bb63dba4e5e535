/** The server's endpoints, one function each; see docs/openapi.json. */
import { askAs } from "./session.ts";
import type { Command, Game, MatchPage, Options, Record, View } from "./types.ts";

const WAIT_S = 5;

/** The new match's id and, when the answer came in time, its first view. */
export async function createMatch(game: Game, options: Options, key: string): Promise<{ id: string; view: View | null }> {
  const answer = await askAs<View>({ method: "POST", path: "/v1/matches", body: { game, options }, key, wait: WAIT_S });
  if (answer.status === 201) return { id: answer.body.id, view: answer.body };
  return { id: answer.location?.split("/").at(-1) ?? "", view: null };
}

/** The view after the command; null when it was only accepted (202) and the stream will tell. */
export async function command(match: string, body: Command, key: string): Promise<View | null> {
  const path = `/v1/matches/${match}/commands`;
  const answer = await askAs<View>({ method: "POST", path, body, key, wait: WAIT_S });
  return answer.status === 200 ? answer.body : null;
}

export async function readMatch(match: string): Promise<View> {
  return (await askAs<View>({ path: `/v1/matches/${match}` })).body;
}

export async function readRecord(match: string): Promise<Record> {
  return (await askAs<Record>({ path: `/v1/matches/${match}/history` })).body;
}

export async function listMatches(player: string, cursor: string | null): Promise<MatchPage> {
  const query = cursor ? `?cursor=${encodeURIComponent(cursor)}` : "";
  return (await askAs<MatchPage>({ path: `/v1/players/${player}/matches${query}` })).body;
}
