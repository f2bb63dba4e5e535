/** The one seam between the server's OpenAPI document and this page: short names for what is sent and answered. */
import type { components } from "./openapi.ts";

type Schemas = components["schemas"];

export type View = Schemas["MatchView"];
export type Round = Schemas["Round"];
export type Seated = Schemas["SeatedPlayer"];
export type MatchRow = Schemas["MatchRow"];
export type MatchPage = Schemas["MatchPage"];
export type Options = Schemas["Options"];
export type Seat = number;

export type Game = "rps" | "rpsfw";
export type Shape = "rock" | "paper" | "scissors" | "fire" | "water";
export type Command =
  | Schemas["JoinRequest"]
  | (Schemas["PlayRequest"] & { move: { shape: Shape } })
  | Schemas["ResignRequest"]
  | Schemas["RematchRequest"];

/** An event as the history tells it: `type` says which of the fields it has (schemas/contracts). */
export interface LogEvent {
  version: number;
  at: string;
  type: string;
  seat?: Seat;
  shape?: string;
  winner?: Seat | null;
}

export type Record = Omit<Schemas["MatchHistory"], "events"> & { events: LogEvent[] };

export interface Player {
  id: string;
  name: string;
}

/** What auth_api answers a browser; the tokens themselves travel in cookies. */
export interface Session {
  player?: Player;
  expires_in: number;
}
