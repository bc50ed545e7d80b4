// Debian's Firefox, driven over WebDriver BiDi: no geckodriver, and no build of its own as Playwright needs.

import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";

import puppeteer from "puppeteer-core";

/** Firefox is not to call out, nor to ask anybody anything. */
const PREFERENCES = {
  "app.update.enabled": false,
  "browser.aboutwelcome.enabled": false,
  "browser.safebrowsing.downloads.remote.enabled": false,
  "datareporting.policy.dataSubmissionEnabled": false,
  "extensions.update.enabled": false,
  "network.captive-portal-service.enabled": false,
  "network.connectivity-service.enabled": false,
  "services.settings.server": "http://127.0.0.1:1/",
};

/** Each context (`createBrowserContext()`) is somebody else, with cookies and storage of their own. */
export const launchFirefox = () =>
  puppeteer.launch({
    browser: "firefox",
    executablePath: firefoxPath(),
    headless: true,
    extraPrefsFirefox: PREFERENCES,
  });

function firefoxPath() {
  const named = process.env.E2E_FIREFOX ?? process.env.FIREFOX;
  if (named) return named;
  const folders = (process.env.PATH ?? "").split(delimiter);
  const found = ["firefox-esr", "firefox"].flatMap((name) => folders.map((folder) => join(folder, name))).find(existsSync);
  if (!found) throw new Error("Firefox is not on PATH; install it or name it in FIREFOX.");
  return found;
}
