/** Waiting for a rival: the link and the code to send, a QR code, and what happens if nobody comes. */
import type { View } from "../api/types.ts";
import { linkTo } from "../core/invitation.ts";
import { kept } from "../core/keep.ts";
import { HandButton } from "../ui/hand.tsx";
import { Later } from "../ui/later.tsx";
import { canShare, copy, share } from "../ui/share.ts";
import { locale, t } from "../words/index.ts";
import { gameName } from "./names.ts";

const qrCode = () => import("../ui/qr.tsx").then((module) => module.QrCode);

export function Waiting({ view }: { view: View }) {
  const link = linkTo(location.origin, view.id);
  const invitation = t("wait.text", { game: gameName(view.game) });
  return (
    <div class="waiting sheet">
      <h1>{t("wait.title")}</h1>
      <p>{kept(`made.${view.id}`, "session") ? t("wait.how") : t("wait.own")}</p>
      <div class="code">
        <Later load={qrCode} props={{ text: link, label: t("wait.qr") }} />
      </div>
      <output class="address" aria-label={t("wait.link")}>
        {link}
      </output>
      <div class="actions">
        <HandButton icon="copy" label={t("wait.copy")} text={link} primary hand={() => copy(link)} />
        {canShare && <HandButton icon="share" label={t("wait.share")} text={link} hand={() => share(invitation, link)} />}
      </div>
      {!canShare && <p class="note">{t("wait.byHand")}</p>}
      <div class="actions by-code">
        <span id="code">{t("wait.code")}</span>
        <output class="address" aria-labelledby="code">
          {view.id}
        </output>
        <HandButton icon="copy" label={t("wait.copyCode")} text={view.id} hand={() => copy(view.id)} />
      </div>
      <p class="note">{view.deadline && t("wait.nobody", { time: timeOfDay(view.deadline) })}</p>
    </div>
  );
}

function timeOfDay(at: string): string {
  return new Intl.DateTimeFormat(locale(), { timeStyle: "short" }).format(new Date(at));
}
