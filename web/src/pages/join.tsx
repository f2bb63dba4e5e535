/** Taking a seat by a code or a link that somebody sent. */
import { useState } from "preact/hooks";
import { matchIn } from "../core/invitation.ts";
import { go } from "../router.ts";
import { t } from "../words/index.ts";

export function JoinForm() {
  const [wrong, setWrong] = useState(false);
  function submit(event: SubmitEvent): void {
    event.preventDefault();
    const text = String(new FormData(event.currentTarget as HTMLFormElement).get("code") ?? "");
    const match = matchIn(text);
    setWrong(match === null);
    if (match) go(`/m/${match}`);
  }
  return (
    <form class="join" onSubmit={submit} noValidate>
      <h2 id="join">{t("start.join")}</h2>
      <div class="row">
        <input
          name="code"
          type="text"
          autocomplete="off"
          autocapitalize="off"
          spellcheck={false}
          placeholder={t("start.code")}
          aria-label={t("start.code")}
          aria-invalid={wrong}
          aria-describedby="join-wrong"
          onInput={() => setWrong(false)}
        />
        <button class="button" type="submit">
          {t("start.sit")}
        </button>
      </div>
      <p class="wrong" id="join-wrong" role="alert">
        {wrong ? t("start.badCode") : ""}
      </p>
    </form>
  );
}
