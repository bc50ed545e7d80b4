//! What becomes of the application's calls? Commands get their reply, and its own requests travel as `fetch` would
//! send them: dressed, answered, and once more if the core says so.

use countersign_core::effect::{Dressing, Reply};
use countersign_core::input::{Answer as CoreAnswer, Ask, Command, HttpFailure, Input};
use countersign_core::{Error, problem_code};

use crate::exchange::{Outgoing, Purpose};
use crate::happening::Happening;
use crate::locks::Holder;
use crate::server::{Answer, ORIGIN};
use crate::tab::Tab;
use crate::world::Inner;

/// One call of an application.
#[derive(Debug, Clone)]
pub struct Call {
    tab: Tab,
    id: u64,
}

/// What an application's own request was answered with.
pub type Fetched = Answer;

#[derive(Debug, Default)]
pub(crate) struct CallState {
    request: Option<AppRequest>,
    answer: Option<Answer>,
    outcome: Option<Outcome>,
}

#[derive(Debug, Clone)]
struct AppRequest {
    method: &'static str,
    path: String,
    body: Option<String>,
}

#[derive(Debug, Clone)]
enum Outcome {
    Reply(Reply),
    Fetched(Result<Fetched, Error>),
}

impl Tab {
    pub(crate) fn command(&self, command: Command) -> Call {
        self.begin(None, command)
    }

    /// A request of the application; let the World settle for its outcome.
    pub fn begin_request(&self, method: &'static str, path: &str, body: Option<String>) -> Call {
        let repeatable = method != "POST";
        let ask = Ask { origin: ORIGIN.to_owned(), repeatable };
        self.begin(Some(AppRequest { method, path: path.to_owned(), body }), Command::Ask(ask))
    }

    fn begin(&self, request: Option<AppRequest>, command: Command) -> Call {
        let mut inner = self.world.inner();
        inner.last_call += 1;
        let id = inner.last_call;
        let tab = &mut inner.tabs[self.id];
        tab.calls.insert(id, CallState { request, answer: None, outcome: None });
        let holder = (self.id, tab.life);
        inner.feed_later(holder, Input::Command { id, command });
        Call { tab: self.clone(), id }
    }
}

impl Call {
    /// Lets everything happen, and says what the command got, if anything.
    pub fn settled(&self) -> Option<Reply> {
        self.tab.world.settle();
        self.reply()
    }

    pub fn reply(&self) -> Option<Reply> {
        match self.outcome()? {
            Outcome::Reply(reply) => Some(reply),
            Outcome::Fetched(_) => None,
        }
    }

    /// It has an outcome, or its page is gone.
    pub fn is_over(&self) -> bool {
        let inner = self.tab.world.inner();
        inner.tabs[self.tab.id].calls.get(&self.id).is_none_or(|call| call.outcome.is_some())
    }

    /// What the request got, if it has an outcome.
    pub fn fetched(&self) -> Option<Result<Fetched, Error>> {
        match self.outcome()? {
            Outcome::Fetched(fetched) => Some(fetched),
            Outcome::Reply(_) => None,
        }
    }

    /// The status of the request's answer, if it has one.
    pub fn status(&self) -> Option<u16> {
        self.fetched()?.ok().map(|answer| answer.status)
    }

    fn outcome(&self) -> Option<Outcome> {
        self.tab.world.inner().tabs[self.tab.id].calls.get(&self.id)?.outcome.clone()
    }
}

impl Inner {
    /// The calls of a tab's application that have no outcome.
    pub fn open_calls(&self, tab: usize) -> Vec<u64> {
        let open = self.tabs[tab].calls.iter().filter(|(_, call)| call.outcome.is_none());
        open.map(|(id, _)| *id).collect()
    }

    /// The machine answers a call.
    pub fn replied(&mut self, tab: Holder, id: u64, reply: Reply) {
        let Some(call) = self.tabs[tab.0].calls.get_mut(&id) else { return };
        let outcome = match (&call.request, reply) {
            (Some(request), Reply::Dressed(dressing)) => {
                let outgoing = request.dressed(&dressing);
                return self.send(tab, Purpose::App(id), outgoing, None);
            }
            (Some(_), Reply::Deliver) => Outcome::Fetched(Ok(call.answer.take().expect("there was an answer"))),
            (Some(_), Reply::Failed(error)) => Outcome::Fetched(Err(error)),
            (_, reply) => Outcome::Reply(reply),
        };
        assert!(call.outcome.is_none(), "call {id} was answered twice: {:?} and {outcome:?}", call.outcome);
        call.outcome = Some(outcome.clone());
        if let Outcome::Fetched(outcome) = outcome {
            self.note(Happening::Fetched { tab, id, outcome });
        }
    }

    /// The server, or nobody, has answered a request of the application.
    pub fn app_answered(&mut self, tab: Holder, id: u64, outcome: Result<Answer, HttpFailure>) {
        let Some(call) = self.tabs[tab.0].calls.get_mut(&id) else { return };
        let input = match outcome {
            Ok(answer) => {
                let is_problem =
                    answer.header("content-type").is_some_and(|kind| kind.starts_with("application/problem+json"));
                let header = |name| answer.header(name).map(str::to_owned);
                let core = CoreAnswer {
                    status: answer.status,
                    www_authenticate: header("www-authenticate"),
                    ep: header("countersign-ep"),
                    problem: if is_problem { problem_code(&answer.body) } else { None },
                };
                call.answer = Some(answer);
                Input::Command { id, command: Command::Answered(core) }
            }
            Err(_) => {
                let unreachable = Err(Error::network("unreachable", "There was no answer."));
                call.outcome = Some(Outcome::Fetched(unreachable.clone()));
                self.note(Happening::Fetched { tab, id, outcome: unreachable });
                Input::Dropped { id }
            }
        };
        self.feed_later(tab, input);
    }
}

impl AppRequest {
    fn dressed(&self, dressing: &Dressing) -> Outgoing {
        Outgoing {
            method: self.method.to_owned(),
            path: self.path.clone(),
            headers: dressing.headers.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect(),
            body: self.body.clone().map(|body| ("application/json".to_owned(), countersign_core::Secret::new(body))),
            cookies: dressing.cookies,
            keepalive: false,
        }
    }
}
