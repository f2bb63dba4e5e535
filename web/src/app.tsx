/** The frame of every page: header, language, sound, and the page the address names. */
import { followLink, place } from "./router.ts";
import { Later } from "./ui/later.tsx";
import { Icon } from "./ui/icons.tsx";
import { keysOn, switchKeys } from "./ui/shortcuts.ts";
import { soundOn, switchSound } from "./ui/sound.ts";
import { MatchPage } from "./match/page.tsx";
import { NowherePage } from "./pages/nowhere.tsx";
import { StartPage } from "./pages/start.tsx";
import { language, LANGUAGES, nameOfLanguage, speak, t } from "./words/index.ts";

const historyPage = () => import("./pages/history.tsx").then((module) => module.HistoryPage);
const recordPage = () => import("./pages/record.tsx").then((module) => module.RecordPage);

export function App() {
  return (
    <div class="app" data-page={place.value.page} onClick={followLink}>
      <Header />
      <main tabIndex={-1}>
        <Page />
      </main>
    </div>
  );
}

function Page() {
  const here = place.value;
  if (here.page === "start") return <StartPage />;
  if (here.page === "match") return <MatchPage key={here.id} id={here.id} />;
  if (here.page === "history") return <Later key="history" title={t("history.title")} load={historyPage} props={{}} />;
  if (here.page === "record") return <Later key={here.id} title={t("record.title")} load={recordPage} props={{ id: here.id }} />;
  return <NowherePage />;
}

function Header() {
  return (
    <header class="bar">
      <a class="mark" href="/" aria-label={t("nav.home")}>
        <Icon name="mark" />
        <span>Playlog</span>
      </a>
      <nav aria-label={t("nav.main")}>
        <a class="quiet" href="/history" aria-label={t("nav.history")}>
          <Icon name="list" />
          <span class="wide">{t("nav.history")}</span>
        </a>
      </nav>
      <button class="quiet keys" type="button" aria-pressed={keysOn.value} aria-label={t("nav.keys")} title={t("nav.keys")} onClick={switchKeys}>
        <Icon name={keysOn.value ? "keys" : "unkeys"} />
      </button>
      <button class="quiet" type="button" aria-pressed={soundOn.value} aria-label={t("nav.sound")} title={t("nav.sound")} onClick={switchSound}>
        <Icon name={soundOn.value ? "sound" : "silence"} />
      </button>
      <div class="languages" role="group" aria-label={t("lang.switch")}>
        {LANGUAGES.map((each) => (
          <button
            key={each}
            class="quiet"
            type="button"
            lang={each}
            aria-pressed={language.value === each}
            aria-label={`${each.toUpperCase()}, ${nameOfLanguage(each)}`}
            onClick={() => speak(each)}
          >
            {each.toUpperCase()}
          </button>
        ))}
      </div>
    </header>
  );
}
