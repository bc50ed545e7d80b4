// Many calls at once, in one tab or in several, on an access token that has just expired: the moment at which clients that
// renew without coordination sign everybody out.

import { forgetRequests, requests } from "../../browser/support/demo.mjs";
import { expectCurrent, newUser, passHeardTime, signIn, state } from "./application.mjs";

const RENEWAL = "POST /auth/token";
const CALL = "GET /api/me";

// So short that the event stream's last word still counts when the token has ended: nobody is in doubt then, and a renewal is
// for the calls alone.
export const TOKEN_LIFE = 30;

/** For sessions that outlive any number of trials, under the rotation that forgives nothing. */
export const SETTINGS = [
  ...["--rotation", "strict", "--access-token-lifetime", `${TOKEN_LIFE}`],
  ...["--idle-limit", "31536000", "--session-lifetime", "31536000"],
];

/**
 * Somebody signed in with this many tabs, ready for trials.
 *
 * @param {{ tabs: number, storage: string, prepare?: Function }} options
 */
export async function gather(application, { tabs, storage, prepare }) {
  const user = await newUser(application, { storage, prepare });
  const pages = [await user.open()];
  await signIn(pages[0], "bob");
  while (pages.length < tabs) pages.push(await user.open());
  // A tab that found its token in storage is sure of it after its first call.
  await atOnce(pages, 1);
  await Promise.all(pages.map((page) => expectCurrent(page)));
  return { user, pages };
}

/**
 * One trial: the token expires, and in the same instant each tab makes its calls. Gives what became of them.
 *
 * @returns {Promise<{ renewals: number, overlaps: number, answers: number[], refused: number, signedOut: number,
 *   milliseconds: number }>} `answers` are the statuses that the application saw, `refused` the calls that the server
 *   answered with 401
 */
export async function trial(application, pages, calls) {
  const { server } = application;
  await forgetRequests(server);
  await passHeardTime(application, pages, TOKEN_LIFE + 1);
  const { answers, milliseconds } = await atOnce(pages, calls);
  const renewals = await requests(server, RENEWAL);
  const overlaps = renewals.filter(({ at }, index) => index > 0 && at < renewals[index - 1].answered_at);
  const refused = (await requests(server, CALL)).filter(({ status }) => status === 401);
  const states = await Promise.all(pages.map(state));
  return {
    renewals: renewals.length,
    overlaps: overlaps.length,
    answers,
    refused: refused.length,
    signedOut: states.filter(({ status }) => status !== "signed-in").length,
    milliseconds,
  };
}

/** The same calls without any client of ours, with a token that is fresh: what the browser itself takes for them. */
export async function plainly(pages, calls) {
  const token = await pages[0].evaluate(() => window.auth.accessToken());
  return atOnce(pages, calls, token);
}

/** Calls in all pages from one moment on; gives all answers, with the time from that moment to the last of them. */
async function atOnce(pages, number, token) {
  // So far ahead that every page has been told by then.
  const begin = await pages[0].evaluate((ahead) => window.realTime() + ahead, 50 + 20 * pages.length);
  const callAtOnce = (page) => page.evaluate((order) => window.callAtOnce(order), { number, begin, token });
  const results = await Promise.all(pages.map(callAtOnce));
  const ended = Math.max(...results.map((result) => result.ended));
  return { answers: results.flatMap((result) => result.answers), milliseconds: ended - begin };
}
