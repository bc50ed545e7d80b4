//! What becomes of one request, from the tab through the network to the server and back?

use axum::body::Body;
use axum::http;
use countersign_core::Secret;
use countersign_core::effect;
use countersign_core::input::{HttpFailure, Input, Response, StreamNews};

use crate::happening::{Happening, Settled};
use crate::locks::Holder;
use crate::network::{Fault, Sent};
use crate::server::{Answer, ORIGIN};
use crate::time::{Millis, Step};
use crate::world::Inner;

/// So many milliseconds after a request was given up its cookies may still arrive.
pub const LATEST_COOKIE: Millis = 1_000;

/// One request that was sent.
#[derive(Debug)]
pub(crate) struct Exchange {
    pub tab: Holder,
    pub browser: usize,
    pub purpose: Purpose,
    pub outgoing: Outgoing,
    pub sent_at: Millis,
    fault: Option<Fault>,
    answer: Option<Answer>,
    stream: Option<Body>,
    /// The tab has its outcome, or gave it up.
    pub is_settled: bool,
    is_held: bool,
    /// Aborted: no cookie of its answer is taken.
    is_given_up: bool,
    /// Its connection died while the device slept.
    is_cut: bool,
    /// The server has answered it.
    pub is_served: bool,
    /// In how many milliseconds whoever answered wants to be asked again.
    pub retry_after: Option<Millis>,
}

impl Exchange {
    /// Whether its cookie comes though it is given up: nothing is on its way that the server has not sent.
    fn has_cookie_coming(&self) -> bool {
        match self.fault {
            Some(Fault::HoldCookie) => true,
            Some(Fault::LateCookie) => self.is_held,
            _ => false,
        }
    }
}

/// Who waits for the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    Core(u64),
    Stream(u64),
    /// A call of the application.
    App(u64),
}

/// A request on its way.
#[derive(Debug, Clone)]
pub(crate) struct Outgoing {
    pub method: String,
    pub path: String,
    pub headers: Vec<(String, Secret)>,
    pub body: Option<(String, Secret)>,
    pub cookies: bool,
    /// Outlives its page.
    pub keepalive: bool,
}

impl Inner {
    /// Sends a request: the network decides what becomes of it.
    pub fn send(&mut self, tab: Holder, purpose: Purpose, mut outgoing: Outgoing, deadline: Option<u32>) {
        let browser = self.tabs[tab.0].browser;
        self.evidence.see("address", || outgoing.path.clone());
        if outgoing.cookies
            && let Some(cookies) = self.browsers[browser].jar.header(self.now)
        {
            outgoing.headers.push(("cookie".to_owned(), Secret::new(cookies)));
        }
        let what = format!("{} {}", outgoing.method, outgoing.path);
        let number = self.exchanges.len();
        let header = |name: &str| outgoing.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
        let mut sent = Sent {
            tab: tab.0,
            browser,
            what: what.clone(),
            at: self.now,
            believed: header("countersign-request").map(|(_, value)| value.expose().to_owned()),
            body: outgoing.body.as_ref().map(|(_, text)| text.clone()),
            fault: None,
            status: None,
            began: self.network.next_place(),
            ended: None,
        };
        let is_cut_off = self.network.is_down || self.browsers[browser].is_offline;
        let fault = if is_cut_off { Some(Fault::LoseRequest) } else { self.network.fault(&what) };
        sent.fault = fault.as_ref().map(|fault| format!("{fault:?}").chars().take(24).collect());
        self.network.log.push(sent);
        match &fault {
            Some(Fault::LoseRequest) => self.agenda.push(Step::Fail { exchange: number }),
            Some(Fault::DelayRequest(by)) => self.agenda.push_at(self.now + by, Step::Arrive { exchange: number }),
            Some(Fault::HoldRequest) => {}
            _ => self.agenda.push(Step::Arrive { exchange: number }),
        }
        if let Some(deadline) = deadline {
            self.agenda.push_at(self.now + u64::from(deadline), Step::Deadline { exchange: number });
        }
        let is_held = matches!(fault, Some(Fault::HoldRequest));
        let (answer, stream) = (None, None);
        self.exchanges.push(Exchange {
            tab,
            browser,
            purpose,
            outgoing,
            sent_at: self.now,
            fault,
            answer,
            stream,
            is_settled: false,
            is_held,
            is_given_up: false,
            is_cut: false,
            is_served: false,
            retry_after: None,
        });
        self.note(Happening::Sent { exchange: number });
    }

    /// The request is at the server.
    pub fn arrive(&mut self, number: usize) {
        let browser = self.exchanges[number].browser;
        let fault = self.exchanges[number].fault.clone();
        let (answer, stream) = match fault.clone() {
            Some(Fault::Impostor { status, headers, body }) => (Answer { status, headers, body }, None),
            Some(Fault::Double) => {
                self.serve_exchange(number);
                self.serve_exchange(number)
            }
            _ => self.serve_exchange(number),
        };
        self.keep_secrets(&answer);
        self.network.log[number].status = Some(answer.status);
        let exchange = &mut self.exchanges[number];
        exchange.answer = Some(answer);
        exchange.stream = stream;
        match fault {
            Some(Fault::LoseAnswer) => self.agenda.push(Step::Fail { exchange: number }),
            Some(Fault::Silence) => {}
            Some(Fault::DelayAnswer(by)) => self.agenda.push_at(self.now + by, Step::Answer { exchange: number }),
            Some(Fault::HoldAnswer | Fault::HoldCookie | Fault::LateCookie) => exchange.is_held = true,
            // The line may have gone dead meanwhile.
            _ if self.browsers[browser].is_offline => self.agenda.push(Step::Fail { exchange: number }),
            _ => self.agenda.push(Step::Answer { exchange: number }),
        }
    }

    fn serve_exchange(&mut self, number: usize) -> (Answer, Option<Body>) {
        self.exchanges[number].is_served = true;
        let outgoing = &self.exchanges[number].outgoing;
        let reply = self.server.serve(outgoing.to_http());
        if self.witness.is_some() {
            let (request, answer) = (Box::new(outgoing.clone()), Box::new(reply.answer.clone()));
            self.note(Happening::Served { exchange: Some(number), request, answer });
        }
        (reply.answer, reply.stream)
    }

    /// A request of somebody who is in no browser here.
    pub fn serve_elsewhere(&mut self, outgoing: Outgoing) -> Answer {
        let answer = self.server.serve(outgoing.to_http()).answer;
        let (request, copy) = (Box::new(outgoing), Box::new(answer.clone()));
        self.note(Happening::Served { exchange: None, request, answer: copy });
        self.read_streams();
        self.show_witness();
        answer
    }

    /// The answer is at the browser, which takes its cookies, whoever still waits for it.
    pub fn answer(&mut self, number: usize) {
        let now = self.now;
        let exchange = &mut self.exchanges[number];
        if exchange.is_cut {
            return self.settle_exchange(number, Err(HttpFailure::Network));
        }
        let Some(mut answer) = exchange.answer.take().filter(|_| !exchange.is_given_up) else { return };
        let jar = &mut self.browsers[exchange.browser].jar;
        answer.cookies().for_each(|cookie| jar.take(cookie, now));
        answer.headers.retain(|(name, _)| name != "set-cookie");
        match &self.exchanges[number].fault {
            Some(Fault::CutBody) => return self.settle_exchange(number, Err(HttpFailure::Network)),
            Some(Fault::Change { member, value }) => answer.change(member, value),
            _ => {}
        }
        self.settle_exchange(number, Ok(answer));
    }

    /// Tells the tab what became of its request, once.
    pub fn settle_exchange(&mut self, number: usize, outcome: Result<Answer, HttpFailure>) {
        let place = self.network.next_place();
        let exchange = &mut self.exchanges[number];
        if std::mem::replace(&mut exchange.is_settled, true) {
            return;
        }
        self.network.log[number].ended = Some(place);
        let (tab, purpose, stream) = (exchange.tab, exchange.purpose, exchange.stream.take());
        let end =
            outcome.as_ref().map_or_else(|failure| Settled::Failed(*failure), |answer| Settled::Status(answer.status));
        self.exchanges[number].retry_after = outcome.as_ref().ok().and_then(Answer::retry_after);
        self.note(Happening::Settled { exchange: number, outcome: end });
        match (purpose, outcome) {
            (Purpose::Core(stamp), outcome) => {
                let outcome = outcome.map(Answer::into_response);
                self.feed_later(tab, Input::Http { stamp, outcome });
            }
            (Purpose::Stream(stamp), Ok(answer)) => {
                let content_type = answer.header("content-type").unwrap_or_default().to_owned();
                let news = StreamNews::Opened { status: answer.status, content_type };
                self.feed_later(tab, Input::Stream { stamp, news });
                match stream {
                    Some(body) => self.tabs[tab.0].stream = Some((tab, stamp, body)),
                    None => self.feed_later(tab, Input::Stream { stamp, news: StreamNews::Closed }),
                }
            }
            (Purpose::Stream(stamp), Err(_)) => {
                self.feed_later(tab, Input::Stream { stamp, news: StreamNews::Closed });
            }
            (Purpose::App(call), outcome) => self.app_answered(tab, call, outcome),
        }
    }

    /// The tab no longer wants it. The server may get it all the same, but the browser takes nothing from its answer.
    pub fn abort(&mut self, tab: Holder, stamp: u64) {
        let is_it = |exchange: &Exchange| exchange.tab == tab && exchange.purpose == Purpose::Core(stamp);
        if let Some(number) = self.exchanges.iter().position(is_it) {
            self.give_up(number, HttpFailure::Aborted);
        }
    }

    /// The browser gives the request up, and takes no cookie of an answer that comes later.
    pub fn give_up(&mut self, number: usize, why: HttpFailure) {
        let exchange = &mut self.exchanges[number];
        if !exchange.is_settled {
            exchange.is_given_up = !exchange.has_cookie_coming();
            self.let_cookie_come(number);
        }
        self.settle_exchange(number, Err(why));
    }

    /// A cookie that is on its way to the jar when its request is given up.
    fn let_cookie_come(&mut self, number: usize) {
        let exchange = &mut self.exchanges[number];
        if matches!(exchange.fault, Some(Fault::LateCookie)) && std::mem::take(&mut exchange.is_held) {
            let at = self.now + self.fate.below(LATEST_COOKIE);
            self.agenda.push_at(at, Step::Answer { exchange: number });
        }
    }

    /// The tab closes its stream before it was opened.
    pub fn settle_streams(&mut self, tab: Holder) {
        for exchange in &mut self.exchanges {
            if exchange.tab == tab && matches!(exchange.purpose, Purpose::Stream(_)) {
                exchange.is_settled = true;
            }
        }
    }

    /// The tab is gone, and with it what does not outlive it; nobody knows how far that came.
    pub fn abandon_exchanges(&mut self, tab: Holder) {
        for number in 0..self.exchanges.len() {
            let exchange = &mut self.exchanges[number];
            if exchange.tab == tab && !exchange.is_settled {
                exchange.is_settled = true;
                exchange.is_given_up = !exchange.outgoing.keepalive && !exchange.has_cookie_coming();
                let place = self.network.next_place();
                self.network.log[number].ended = Some(place);
                self.let_cookie_come(number);
            }
        }
    }

    /// The device falls asleep: some connections survive that.
    pub fn cut_exchanges(&mut self, browser: usize) {
        for exchange in &mut self.exchanges {
            if exchange.browser == browser && !exchange.is_settled {
                exchange.is_cut = self.fate.below(2) == 0;
            }
        }
    }

    /// Lets everything go on that was held.
    pub fn release(&mut self) {
        for number in 0..self.exchanges.len() {
            let exchange = &mut self.exchanges[number];
            if std::mem::take(&mut exchange.is_held) {
                let is_answered = exchange.answer.is_some();
                let step =
                    if is_answered { Step::Answer { exchange: number } } else { Step::Arrive { exchange: number } };
                self.agenda.push(step);
            }
        }
    }

    fn keep_secrets(&mut self, answer: &Answer) {
        if self.witness.is_some() && !self.evidence.is_kept {
            return;
        }
        for cookie in answer.cookies() {
            let value = cookie.split(';').next().and_then(|pair| pair.split_once('=')).map_or("", |(_, value)| value);
            // Before the dot stands the session's public name.
            self.evidence.hide(value.split_once('.').map_or("", |(_, secret)| secret));
        }
        if let Some(token) = answer.json().get("access_token").and_then(serde_json::Value::as_str) {
            self.evidence.hide(token);
        }
    }
}

impl Outgoing {
    pub fn from_core(request: &effect::Request) -> Self {
        Self {
            method: request.method.to_owned(),
            path: request.url.strip_prefix(ORIGIN).unwrap_or(&request.url).to_owned(),
            headers: request.headers.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect(),
            body: request.body.as_ref().map(|body| (body.content_type.to_owned(), body.text.clone())),
            cookies: request.cookies,
            keepalive: request.keepalive,
        }
    }

    fn to_http(&self) -> http::Request<Body> {
        let mut request = http::Request::builder().method(self.method.as_str()).uri(self.path.as_str());
        request = request.header("host", "127.0.0.1:8080").header("sec-fetch-site", "same-origin");
        if self.method != "GET" {
            request = request.header("origin", ORIGIN);
        }
        for (name, value) in &self.headers {
            request = request.header(name.as_str(), value.expose());
        }
        let mut body = Body::empty();
        if let Some((content_type, text)) = &self.body {
            request = request.header("content-type", content_type.as_str());
            body = Body::from(text.expose().to_owned());
        }
        request.body(body).expect("the core builds well-formed requests")
    }
}

impl Answer {
    fn change(&mut self, member: &str, value: &serde_json::Value) {
        let mut document = self.json();
        if let Some(members) = document.as_object_mut() {
            members.insert(member.to_owned(), value.clone());
            self.body = document.to_string().into_bytes();
        }
    }

    /// In how many milliseconds whoever answered wants to be asked again.
    fn retry_after(&self) -> Option<Millis> {
        let told = self.header("retry-after")?;
        let date = |text| httpdate::parse_http_date(text).ok();
        match told.parse::<u64>() {
            Ok(seconds) => Some(seconds * 1000),
            Err(_) => {
                let wait = date(told)?.duration_since(date(self.header("date")?)?).unwrap_or_default();
                u64::try_from(wait.as_millis()).ok()
            }
        }
    }

    fn into_response(self) -> Response {
        Response { status: self.status, headers: self.headers, body: self.body }
    }
}
