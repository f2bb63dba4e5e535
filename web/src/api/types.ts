/** The one seam between the server's OpenAPI document and this page: short names for what is sent and answered. */

export type Shape = "rock" | "paper" | "scissors" | "fire" | "water";
export type Game = "rps" | "rpsfw";
export type Seat = number;
export type Status = "waiting" | "playing" | "ended";
export type Ending = "score" | "resignation" | "time";

export interface Options {
  best_of: number;
  move_seconds: number;
  opponent: "open" | "computer";
}

export interface Player {
  id: string;
  name: string;
}

export interface Seated {
  player: string;
  name: string;
}

/** A finished round: each seat's shape (null: missed) and who won it (null: a tie). */
export interface Round {
  moves: (string | null)[];
  winner: Seat | null;
}

export interface View {
  id: string;
  game: string;
  version: number;
  status: Status;
  options: Options;
  seats: (Seated | null)[];
  you: Seat | null;
  mine: { shape?: string } | null;
  deadline: string | null;
  score: number[];
  round: number;
  moved: boolean[];
  rounds: Round[];
  winner: Seat | null;
  ended_by: Ending | null;
  rematch: boolean[];
}

export type Command =
  | { type: "join" }
  | { type: "play"; move: { shape: Shape }; round: number }
  | { type: "resign" }
  | { type: "rematch" };

export interface Session {
  player?: Player;
  expires_in: number;
}

export interface MatchRow {
  id: string;
  game: string;
  status: Status;
  winner: Seat | null;
  score: number[];
  seats: (Seated | null)[];
  created_at: string;
  ended_at: string | null;
}

export interface MatchPage {
  matches: MatchRow[];
  next: string | null;
}

export interface LogEvent {
  version: number;
  at: string;
  type: string;
  seat?: Seat;
  shape?: string;
  winner?: Seat | null;
  missed?: Seat[];
  by?: Ending;
  round?: number;
}

export interface Record {
  match: MatchRow;
  events: LogEvent[];
}
