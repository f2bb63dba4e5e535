/** Waiting for a rival: the link to send, as text, as a QR code, and what happens if nobody comes. */
import { useState } from "preact/hooks";
import type { View } from "../api/types.ts";
import { linkTo } from "../core/invitation.ts";
import { kept } from "../core/keep.ts";
import { Icon } from "../ui/icons.tsx";
import { Later } from "../ui/later.tsx";
import { canShare, copy, share } from "../ui/share.ts";
import { locale, t } from "../words/index.ts";
import { gameName } from "./names.ts";

const qrCode = () => import("../ui/qr.tsx").then((module) => module.QrCode);

export function Waiting({ view }: { view: View }) {
  const link = linkTo(location.origin, view.id);
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
        <CopyButton text={link} />
        {canShare && (
          <button class="button" type="button" onClick={() => void share(t("wait.text", { game: gameName(view.game) }), link)}>
            <Icon name="share" />
            {t("wait.share")}
          </button>
        )}
      </div>
      <p class="note">{view.deadline && t("wait.nobody", { time: timeOfDay(view.deadline) })}</p>
    </div>
  );
}

function timeOfDay(at: string): string {
  return new Intl.DateTimeFormat(locale(), { timeStyle: "short" }).format(new Date(at));
}

function CopyButton({ text }: { text: string }) {
  const [copied, setCopied] = useState(false);
  return (
    <button class="button primary" type="button" onClick={() => void copy(text).then(setCopied)}>
      <Icon name="copy" />
      {copied ? t("wait.copied") : t("wait.copy")}
    </button>
  );
}
