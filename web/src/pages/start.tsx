/** The first page: choose a game and play the computer, invite somebody, or take a seat by a code. */
import { signal } from "@preact/signals";
import type { Game, Options } from "../api/types.ts";
import { BEST_OF, GAMES, shapesOf } from "../core/games.ts";
import { keep, kept } from "../core/keep.ts";
import { newMatch, problem, setting, insisting } from "../match/create.ts";
import { gameName } from "../match/names.ts";
import { ShapeDrawing } from "../ui/shapes.tsx";
import { useTitle } from "../ui/title.ts";
import { language, problemText, t } from "../words/index.ts";
import { JoinForm } from "./join.tsx";

const ROUNDS: Options["best_of"][] = [1, 3, 5, 7, 11, 15, 21, 31];
const SECONDS = [10, 30, 60, 300, 3600, 86_400];

const game = signal<Game>(kept("game") === "rpsfw" ? "rpsfw" : "rps");
const bestOf = signal<Options["best_of"] | null>(null); // null: the game's own
const moveSeconds = signal(30);

function choose(chosen: Game): void {
  keep("game", chosen);
  game.value = chosen;
  bestOf.value = null;
}

function start(opponent: Options["opponent"]): void {
  const best_of = bestOf.value ?? BEST_OF[game.value];
  void newMatch(game.value, { best_of, move_seconds: moveSeconds.value, opponent });
}

export function StartPage() {
  useTitle("");
  return (
    <section class="start" data-state="start">
      <div class="hero">
        <Meeting />
        <h1>{t("start.title")}</h1>
        <p>{t("start.lead")}</p>
      </div>
      <div class="sheet">
        <GameChoice />
        <div class="actions">
          <button class="button primary" type="button" aria-disabled={setting.value} onClick={() => start("computer")}>
            {t("start.computer")}
          </button>
          <button class="button" type="button" aria-disabled={setting.value} onClick={() => start("open")}>
            {t("start.invite")}
          </button>
        </div>
        <p class="note" role="status">
          {problem.value ? problemText(problem.value) : insisting.value ? t("start.insisting") : setting.value ? t("start.setting") : ""}
        </p>
        <Choices />
        <JoinForm />
      </div>
    </section>
  );
}

/** The emblem: two hands over the table's rim. */
function Meeting() {
  return (
    <div class="meeting" aria-hidden="true">
      <span class="far">
        <ShapeDrawing shape="scissors" />
      </span>
      <span class="near">
        <ShapeDrawing shape="paper" />
      </span>
    </div>
  );
}

function GameChoice() {
  return (
    <fieldset class="games">
      <legend class="hidden">{t("start.game")}</legend>
      {GAMES.map((each) => (
        <label key={each} class="choice">
          <input type="radio" name="game" value={each} checked={game.value === each} onChange={() => choose(each)} />
          <span class="drawings">
            {shapesOf(each, language.value).map((shape) => (
              <ShapeDrawing key={shape} shape={shape} />
            ))}
          </span>
          <span>{gameName(each)}</span>
        </label>
      ))}
    </fieldset>
  );
}

function Choices() {
  return (
    <details class="choices">
      <summary>{t("start.options")}</summary>
      <div class="fields">
        <label>
          {t("start.bestOf")}
          <select value={bestOf.value ?? BEST_OF[game.value]} onChange={(e) => (bestOf.value = ROUNDS.find((n) => n === Number(e.currentTarget.value)) ?? null)}>
            {ROUNDS.map((n) => (
              <option key={n} value={n}>
                {t("start.bestOf.n", { n })}
              </option>
            ))}
          </select>
        </label>
        <label>
          {t("start.pace")}
          <select value={moveSeconds.value} onChange={(e) => (moveSeconds.value = Number(e.currentTarget.value))}>
            {SECONDS.map((n) => (
              <option key={n} value={n}>
                {pace(n)}
              </option>
            ))}
          </select>
        </label>
      </div>
    </details>
  );
}

function pace(seconds: number): string {
  if (seconds >= 3600) return t("start.pace.h", { n: seconds / 3600 });
  return seconds >= 60 ? t("start.pace.m", { n: seconds / 60 }) : t("start.pace.s", { n: seconds });
}
