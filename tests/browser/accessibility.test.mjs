// Can the demo be used by keyboard alone, and does it say what happens to those who don't see it?

import assert from "node:assert/strict";

import { browserTests } from "./support/browser.mjs";
import {
  chooseFlow,
  expectHeading,
  expectOpen,
  expectStanding,
  expectState,
  goTo,
  passwordOf,
  signIn,
  signInHere,
  signOut,
} from "./support/demo.mjs";

const PAGES = ["Account", "Devices", "Reports", "Admin", "Timeline"];

const test = browserTests();

test.inBothFlows("sign in, look around and sign out by keyboard alone", async ({ newPage, flow }) => {
  const page = await newPage();
  await page.goto("/sign-in");
  await chooseFlow(page, flow);
  await page.reload();
  await expectState(page, "signed-out");
  await tabTo(page, page.getByLabel("Username", { exact: true }));
  await page.keyboard.type("bob");
  await page.keyboard.press("Tab");
  await page.keyboard.type(passwordOf("bob"));
  await page.keyboard.press("Enter");
  await expectState(page, "signed-in");
  await expectHeading(page, "Account");

  await tabTo(page, page.getByRole("link", { name: "Reports", exact: true }));
  await page.keyboard.press("Enter");
  await expectHeading(page, "Reports");
  await expectOpen(page, "reports:write");
  await tabTo(page, page.getByLabel("Title"));
  await page.keyboard.type("typed by keyboard");
  await page.keyboard.press("Enter");
  await page.getByRole("listitem").filter({ hasText: "typed by keyboard" }).waitFor();

  await tabTo(page, page.getByRole("button", { name: "Sign out" }));
  await page.keyboard.press("Enter");
  await expectState(page, "signed-out");
});

test("the flow is chosen by keyboard", async ({ newPage }) => {
  const page = await newPage();
  await page.goto("/sign-in");
  await expectState(page, "signed-out");
  await tabTo(page, page.getByRole("radio", { name: "Session cookie" }));
  await page.keyboard.press("ArrowDown");
  await page.waitForFunction(() => document.body.dataset.flow === "token");
  await expectState(page, "signed-out");
  // What has the focus keeps it while the other client starts.
  assert.ok(await page.getByRole("radio", { name: "Tokens" }).evaluate((radio) => radio === document.activeElement));
});

test("a link leads past the navigation", async ({ newPage }) => {
  const page = await newPage();
  await page.goto("/sign-in");
  await expectState(page, "signed-out");
  await page.keyboard.press("Tab");
  const first = await page.evaluate(() => document.activeElement?.textContent);
  assert.match(first, /skip/i);
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => document.activeElement?.id === "main");
});

test("each page has its landmarks, one heading, names for everything, and takes the focus", async ({ newPage }) => {
  const page = await newPage();
  await page.goto("/sign-in");
  await expectHeading(page, "Sign in");
  await checkPage(page, "Sign in");
  await signInHere(page, { username: "alice", flow: "token" });
  await expectHeading(page, "Account");
  await expectFocusOnHeading(page);
  await checkPage(page, "Account");
  for (const name of ["Devices", "Reports", "Admin", "Timeline", "Account"]) {
    await goTo(page, name);
    await expectStanding(page, "current");
    await expectFocusOnHeading(page);
    await checkPage(page, name);
  }
  await signOut(page);
  await expectHeading(page, "Sign in");
  await expectFocusOnHeading(page);
});

test("changes of state are announced", { allow: [/status of 401/] }, async ({ newPage, server }) => {
  const page = await newPage();
  await page.goto("/sign-in");
  await expectState(page, "signed-out");
  // A live region is heard only if it was there before its words.
  await page.evaluate(() => {
    const regions = [...document.querySelectorAll("[aria-live=polite], [role=status], [role=alert]")];
    globalThis.heard = [];
    const listen = (region) => new MutationObserver(() => globalThis.heard.push(region.textContent.trim())).observe(
      region, { childList: true, subtree: true, characterData: true },
    );
    regions.forEach(listen);
  });
  const hasHeard = (words) => globalThis.heard.some((text) => text.includes(words));
  const heard = (words) => page.waitForFunction(hasHeard, words);
  await page.getByLabel("Username", { exact: true }).fill("bob");
  await page.getByLabel("Password", { exact: true }).fill("wrong-password");
  await page.keyboard.press("Enter");
  await heard("The username or the password is not right.");
  await page.getByLabel("Password", { exact: true }).fill(passwordOf("bob"));
  await page.keyboard.press("Enter");
  await heard("Current");
  await expectState(page, "signed-in");
  await server.control("/users/bob", { suspended: true }, "PUT");
  await heard("An administrator ended this session.");
});

test("it fits a narrow screen and a dark one", async ({ newPage }) => {
  const page = await newPage({ viewport: { width: 320, height: 640 }, colorScheme: "dark", reducedMotion: "reduce" });
  await signIn(page, { username: "alice", flow: "token" });
  for (const name of PAGES) {
    await goTo(page, name);
    await expectStanding(page, "current");
    const { wide, ground } = await page.evaluate(() => ({
      wide: document.documentElement.scrollWidth,
      ground: getComputedStyle(document.body).backgroundColor,
    }));
    assert.ok(wide <= 320, `${name} is ${wide} px wide`);
    const brightness = ground.match(/\d+/g).slice(0, 3).reduce((sum, one) => sum + Number(one), 0) / 3;
    assert.ok(brightness < 80, `${name} is bright: ${ground}`);
  }
});

test("whatever the header says of the session, its button stays where it is", async ({ newPage }) => {
  const page = await newPage();
  await signIn(page, { username: "alice", flow: "session" });
  const word = page.locator(".standing-word");
  const place = () => page.getByRole("button", { name: "Sign out" }).boundingBox();
  for (const width of [320, 480, 700, 710, 800, 960, 1_024, 1_120, 1_280, 1_600]) {
    await page.setViewportSize({ width, height: 720 });
    const places = [];
    for (const words of ["Current", "Renewing…", "Unverified", "Confirm it is you"]) {
      await word.evaluate((element, words) => (element.textContent = words), words);
      const [button, header] = [await place(), await page.locator("header").boundingBox()];
      assert.ok(button && header, `it is shown at ${width} px`);
      places.push({ ...button, header: header.height });
    }
    for (const later of places) assert.deepEqual(later, places[0], `at ${width} px`);
  }
});

/** Moves the focus on, as a user would, until it is where it should be. */
async function tabTo(page, target, most = 40) {
  for (let step = 0; step < most; step += 1) {
    if (await target.evaluate((element) => element === document.activeElement)) return;
    await page.keyboard.press("Tab");
  }
  assert.fail(`${most} steps by keyboard did not reach it`);
}

const expectFocusOnHeading = (page) => page.waitForFunction(() => document.activeElement?.tagName === "H1");

async function checkPage(page, name) {
  for (const role of ["banner", "navigation", "main", "contentinfo"]) {
    assert.equal(await page.getByRole(role).count(), 1, `${role} of ${name}`);
  }
  assert.equal(await page.getByRole("heading", { level: 1 }).count(), 1, `headings of ${name}`);
  assert.match(await page.title(), new RegExp(`^${name} · `));
  const faults = await page.evaluate(() => {
    const faults = [];
    const words = (element) => {
      const by = (element.getAttribute("aria-labelledby") ?? "").split(" ").filter(Boolean);
      const labels = [...(element.labels ?? [])].map((label) => label.textContent);
      const others = by.map((id) => document.getElementById(id)?.textContent ?? "");
      return [element.getAttribute("aria-label") ?? "", ...labels, ...others, element.textContent].join("").trim();
    };
    const named = "button, a, input, select, textarea, progress, fieldset, nav, [tabindex='0'], [role=region]";
    for (const element of document.querySelectorAll(named)) {
      if (words(element) === "") faults.push(`no name: ${element.outerHTML.slice(0, 120)}`);
    }
    const ids = [...document.querySelectorAll("[id]")].map(({ id }) => id);
    const twice = ids.filter((id, index) => ids.indexOf(id) !== index);
    if (twice.length > 0) faults.push(`ids twice: ${twice}`);
    for (const attribute of ["aria-labelledby", "aria-describedby", "for"]) {
      for (const element of document.querySelectorAll(`[${attribute}]`)) {
        for (const id of element.getAttribute(attribute).split(" ")) {
          if (!document.getElementById(id)) faults.push(`${attribute}="${id}" leads nowhere`);
        }
      }
    }
    for (const image of document.querySelectorAll("img:not([alt]), svg:not([aria-hidden], [aria-label])")) {
      faults.push(`an image without words: ${image.outerHTML.slice(0, 80)}`);
    }
    const levels = [...document.querySelectorAll("h1, h2, h3, h4")].map(({ tagName }) => Number(tagName[1]));
    levels.forEach((level, index) => {
      if (level > (levels[index - 1] ?? 0) + 1) faults.push(`a heading skips a level: ${levels.join(" ")}`);
    });
    if (document.documentElement.lang === "") faults.push("no language");
    return faults;
  });
  assert.deepEqual(faults, [], name);
}
