//! Which bugs did rivals really have, and does the simulation catch each of them? Every bug is planted by itself, and seeds
//! are played until an invariant does not hold.

use std::panic;

use countersign_core::planted::Bug;

use crate::simulation::breach::Breach;
use crate::simulation::draw;
use crate::simulation::player::play_with;

/// A bug that somebody shipped.
#[derive(Debug, Clone, Copy)]
pub struct Rival {
    pub name: &'static str,
    /// Who, and in which file or advisory it is told.
    pub source: &'static str,
    pub place: Place,
}

/// Where it is planted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// In every client.
    Client(Bug),
    /// In what the browser, or a library in its place, does for the clients.
    Browser(BrowserBug),
    /// The server answers whoever presents the token before the last.
    Server,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BrowserBug {
    /// Who waits for the lock goes on after five seconds, though its holder may take ten.
    WaiterGivesUpFirst,
    /// Who has waited five seconds takes the lock from its holder.
    LockIsStolen,
    /// What is written replaces whatever is there.
    LastWriterWins,
}

const fn client(name: &'static str, source: &'static str, bug: Bug) -> Rival {
    Rival { name, source, place: Place::Client(bug) }
}

const fn browser(name: &'static str, source: &'static str, bug: BrowserBug) -> Rival {
    Rival { name, source, place: Place::Browser(bug) }
}

pub const RIVALS: &[Rival] = &[
    client("resent_as_another_attempt", "auth0-spa-js src/http.ts", Bug::ForgetsAttempt),
    client("renewal_stops_for_good", "oidc-client-ts src/SilentRenewService.ts", Bug::StopsForGood),
    client("any_error_signs_out", "leptos-keycloak-auth src/authenticated_client.rs", Bug::AnyErrorSignsOut),
    client("loser_wipes_winner", "leptos-keycloak-auth src/internal/token_manager.rs", Bug::LoserWipesWinner),
    client("callback_under_lock", "supabase auth-js migrations/lockless-coordination.md", Bug::CallbackUnderLock),
    client("claims_of_the_sign_in", "yew-oauth2 src/agent/client/openid.rs", Bug::ClaimsOfSignIn),
    client("renews_in_a_hot_loop", "yew-oauth2 src/agent/mod.rs", Bug::RenewsAlways),
    client("timer_captured_the_token", "leptos_oidc2 src/lib.rs", Bug::CapturesToken),
    client("second_flight", "logto packages/client/src/utils/memoize.ts", Bug::SecondFlight),
    client(
        "late_result_wins",
        "CVE-2024-51987 Duende token management; auth0-spa-js, oidc-client-ts",
        Bug::LateResultWins,
    ),
    client("sleeps_through", "keycloak-js lib/keycloak.js; aws-amplify/amplify-js#7864", Bug::SleepsThrough),
    client("survives_a_refusal", "logto packages/client/src/client.ts", Bug::SurvivesRefusal),
    client("ignores_offline", "oidc-spa src/core/createOidc.ts", Bug::IgnoresOffline),
    client("serves_the_next_user", "CVE-2025-67490 nextjs-auth0", Bug::ServesNextUser),
    client("repeats_for_ever", "supertokens-website lib/ts/fetch.ts (#113, #210)", Bug::RepeatsForEver),
    client("shown_and_not_stored", "aws-amplify cognito/tokenProvider/TokenStore.ts", Bug::ShowsUnstored),
    client(
        "tokens_in_the_channel",
        "supabase auth-js src/GoTrueClient.ts; msal-browser LocalStorage.ts",
        Bug::TellsToken,
    ),
    browser("waiter_gives_up_first", "auth0-spa-js src/Auth0Client.ts, src/http.ts", BrowserBug::WaiterGivesUpFirst),
    browser("lock_is_stolen", "browser-tabs-lock index.ts", BrowserBug::LockIsStolen),
    browser("last_writer_wins", "leptos-keycloak-auth: token and version in two keys", BrowserBug::LastWriterWins),
    Rival { name: "grace_for_anybody", source: "django-oauth-toolkit#1617", place: Place::Server },
];

/// What caught it, and how many seeds that took.
#[derive(Debug, Clone)]
pub struct Catch {
    pub seeds: u64,
    pub seed: u64,
    pub breach: Breach,
}

/// Plays seeds until the bug is caught, or so many.
pub fn hunt(rival: &Rival, first_seed: u64, most: u64, acts: u32) -> Option<Catch> {
    (0..most).find_map(|number| {
        let seed = first_seed + number;
        let breach = play_with(&draw::plan(seed, acts), Some(rival.place)).breach?;
        Some(Catch { seeds: number + 1, seed, breach })
    })
}

/// Hunts them all and tells what came of it; false if one escaped.
pub fn hunt_all(first_seed: u64, most: u64, acts: u32) -> bool {
    panic::set_hook(Box::new(|_| {}));
    let mut caught = 0;
    for rival in RIVALS {
        match hunt(rival, first_seed, most, acts) {
            Some(Catch { seeds, seed, breach }) => {
                caught += 1;
                let Rival { name, source, .. } = rival;
                println!("{name} ({source}): {}, {seeds} seeds (seed {seed})", breach.invariant);
            }
            None => println!("{} ({}): NOT CAUGHT in {most} seeds", rival.name, rival.source),
        }
    }
    println!("planted: {caught} of {} caught", RIVALS.len());
    caught == RIVALS.len()
}
