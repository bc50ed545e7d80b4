//! The driver, the calls and the application's own requests, against a server that `fetch` plays

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use countersign::core::claims::Verification;
use countersign::{AuthClient, Error, FlowKind, Gate, Reason, Repeat, Revoke, State, Watch};
use gloo_timers::future::TimeoutFuture;
use js_sys::{Array, Object};
use wasm_bindgen_test::wasm_bindgen_test;
use web_sys::{AbortController, RequestInit};

use crate::helpers::{Replaced, eval, fetch_is, fresh_name};

/// As much of docs/protocol.md as these tests need. `server.refuse` is how many requests to /api get a 401 first.
const SERVER: &str = r#"
    const server = window.server, url = new URL(request.url);
    const path = url.pathname.slice(url.pathname.indexOf('/', 1));
    const header = name => request.headers.get(name);
    const json = (status, body) => new Response(JSON.stringify(body), { status, headers: {
        'Content-Type': status < 400 || path === '/auth/token' ? 'application/json' : 'application/problem+json' } });
    const never = new Promise((_, reject) =>
        request.signal.addEventListener('abort', () => reject(request.signal.reason)));
    return request.clone().text().then(body => {
        server.requests.push([request.method, path, header('authorization') ?? header('countersign-request'), body].join(' '));
        const session = { sid: 'sid-1', ep: 1, user: { sub: 'u_alice', username: 'alice', name: 'Alice' },
            claims: { roles: ['admin'], scope: 'reports:read', auth_time: 1790000000 },
            expires_in: 43200, idle_expires_in: 1800 };
        const encode = part => btoa(JSON.stringify(part)).replaceAll('=', '').replaceAll('+', '-').replaceAll('/', '_');
        const token = () => { server.tokens += 1; const iat = Math.floor(Date.now() / 1000); return {
            access_token: [{ alg: 'ES256', typ: 'at+jwt', kid: 'k' }, { iss: url.origin, sub: 'u_alice', aud: 'api',
                exp: iat + 300, iat, jti: `${server.tokens}`, client_id: 'demo', sid: 'sid-1', ep: 1, roles: ['admin'],
                scope: 'reports:read', auth_time: iat }].map(encode).join('.') + '.' + 'A'.repeat(86),
            token_type: 'Bearer', expires_in: 300, scope: 'reports:read', refresh_retry_for: 60,
            session_expires_in: 43200, ...session }; };
        switch (`${request.method} ${path}`) {
            case 'GET /auth/session': return server.signedIn ? json(200, session)
                : json(401, { code: 'no_session', status: 401, reason: 'no_credential' });
            case 'POST /auth/session': return body.includes('wrong')
                ? json(401, { code: 'invalid_credentials', status: 401 }) : (server.signedIn = true, json(201, session));
            case 'DELETE /auth/session': server.signedIn = false; return new Response(null, { status: 204 });
            case 'POST /auth/login': server.signedIn = true; return json(200, token());
            case 'POST /auth/token': return server.signedIn ? json(200, token())
                : json(400, { error: 'invalid_grant', reason: 'no_credential' });
            case 'GET /auth/sessions': return json(200, { sessions: [] });
            case 'GET /api/never': case 'GET /auth/events': return never;
        }
        if (path.startsWith('/api/') && server.refuse-- > 0) return new Response('{}', { status: 401, headers: {
            'Content-Type': 'application/problem+json',
            'WWW-Authenticate': 'Bearer error="invalid_token", countersign="expired"' } });
        if (path.startsWith('/api/')) return json(200, {});
        return json(404, { code: 'not_found', status: 404 });
    });
"#;

pub struct Server {
    _fetch: Replaced,
    _state: Replaced,
    base: String,
}

impl Server {
    pub fn new(signed_in: bool) -> Self {
        let state = eval(&format!("({{ requests: [], tokens: 0, refuse: 0, signedIn: {signed_in} }})"));
        let _state = Replaced::new(&eval("window"), "server", &state);
        Self { _fetch: fetch_is(SERVER), _state, base: format!("/{}", fresh_name("server")) }
    }

    fn start(&self, flow: FlowKind) -> AuthClient {
        AuthClient::builder().flow(flow).server(&self.base).start().unwrap()
    }

    pub async fn signed_in(&self, flow: FlowKind) -> AuthClient {
        let client = self.start(flow);
        until(&client, |state| matches!(state, State::SignedOut { .. })).await;
        client.sign_in("alice", "right").await.unwrap();
        client
    }

    fn requests(&self) -> Vec<String> {
        Array::from(&eval("server.requests")).iter().map(|request| request.as_string().unwrap()).collect()
    }

    pub fn requests_to(&self, path: &str) -> Vec<String> {
        self.requests().into_iter().filter(|request| request.contains(path)).collect()
    }

    fn address(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    fn request(&self, method: &str, path: &str, body: Option<&str>) -> web_sys::Request {
        let init = RequestInit::new();
        init.set_method(method);
        if let Some(body) = body {
            init.set_body(&body.into());
        }
        web_sys::Request::new_with_str_and_init(&self.address(path), &init).unwrap()
    }
}

async fn until(client: &AuthClient, condition: impl Fn(&State) -> bool) {
    for _ in 0..1_000 {
        if condition(&client.state()) {
            return;
        }
        TimeoutFuture::new(5).await;
    }
    panic!("{:?}", client.snapshot());
}

fn code<T: std::fmt::Debug>(result: Result<T, Error>) -> String {
    result.unwrap_err().code
}

#[wasm_bindgen_test]
async fn it_finds_out_who_is_signed_in() {
    for (signed_in, flow) in
        [false, true].into_iter().flat_map(|one| [(one, FlowKind::Session), (one, FlowKind::Token)])
    {
        let server = Server::new(signed_in);
        let client = server.start(flow);
        assert_eq!(client.state(), State::Unknown);
        until(&client, |state| match state {
            State::SignedOut { reason } => !signed_in && *reason == Reason::NoCredential,
            State::SignedIn { claims, .. } => signed_in && claims.subject == "u_alice",
            _ => false,
        })
        .await;
        client.dispose();
    }
}

#[wasm_bindgen_test]
async fn signing_in_and_out_reaches_every_watch() {
    let server = Server::new(false);
    let client = server.start(FlowKind::Session);
    let seen = Rc::new(RefCell::new(Vec::new()));
    let watches: [Watch; 2] = ["one", "two"].map(|who| {
        let seen = Rc::clone(&seen);
        client.watch(move |snapshot| seen.borrow_mut().push((who, snapshot.state.is_signed_in())))
    });
    until(&client, |state| matches!(state, State::SignedOut { .. })).await;
    assert_eq!(code(client.sign_in("alice", "wrong").await), "invalid_credentials");
    client.sign_in("alice", "right").await.unwrap();
    assert!(client.can(&Gate::role("admin")).is_open());
    assert!(client.sign_out().await.unwrap().acknowledged);
    assert!(!client.can(&Gate::role("admin")).is_open());

    let seen = seen.take();
    assert!(seen.contains(&("one", true)) && seen.contains(&("two", true)));
    assert_eq!(seen[seen.len() - 2..], [("one", false), ("two", false)]);
    drop(watches);
    client.dispose();
}

#[wasm_bindgen_test]
async fn a_dropped_watch_is_silent() {
    let server = Server::new(false);
    let client = server.start(FlowKind::Session);
    drop(client.watch(|_| panic!("still watching")));
    until(&client, |state| matches!(state, State::SignedOut { .. })).await;
    client.dispose();
}

#[wasm_bindgen_test]
async fn c10_what_is_remembered_names_nobody_and_is_there_at_any_time() {
    let server = Server::new(false);
    let client = server.start(FlowKind::Token);
    let traces = Rc::new(RefCell::new(Vec::new()));
    let watch = client.watch({
        let (client, traces) = (client.clone(), Rc::clone(&traces));
        move |_| traces.borrow_mut().push((client.trace_steps(), client.trace()))
    });
    client.sign_in("alice", "the right one").await.unwrap();
    let token = client.access_token().await.unwrap();
    client.sign_out().await.unwrap();
    let traces = traces.take();
    assert!(traces.len() > 2 && traces.is_sorted_by_key(|(steps, _)| *steps));
    let (_, last) = traces.last().unwrap();
    let last = last.as_deref().unwrap();
    assert!(last.contains(r#""what":"sign_in""#) && last.contains("<token-"), "{last}");
    let signature = token.expose().rsplit('.').next().unwrap();
    for word in ["alice", "Alice", "the right one", signature, &server.base] {
        assert!(!last.contains(word), "{word} in {last}");
    }
    drop(watch);
    client.dispose();
}

#[wasm_bindgen_test]
async fn a_callback_may_do_whatever_it_likes_with_the_client() {
    let server = Server::new(true);
    let client = server.start(FlowKind::Session);
    let (second, called) = (Rc::new(RefCell::new(None)), Rc::new(Cell::new(false)));
    let first = client.watch({
        let (client, second, called) = (client.clone(), Rc::clone(&second), Rc::clone(&called));
        move |snapshot| {
            assert_eq!(*snapshot, client.snapshot());
            drop(second.take());
            if snapshot.state.is_signed_in() && !called.replace(true) {
                drop(client.watch(|_| {}));
                let client = client.clone();
                // Polled for the first time right here, while the driver publishes.
                let mut leaving = Box::pin(async move { client.sign_out().await });
                let waker = std::task::Waker::noop();
                assert!(leaving.as_mut().poll(&mut std::task::Context::from_waker(waker)).is_pending());
                wasm_bindgen_futures::spawn_local(async move { drop(leaving.await) });
            }
        }
    });
    second.replace(Some(client.watch(|_| panic!("the first callback dropped this watch"))));
    until(&client, |state| matches!(state, State::SignedOut { reason: Reason::SignedOut })).await;
    drop(first);
    client.dispose();
}

#[wasm_bindgen_test]
async fn the_same_choices_give_the_living_client() {
    let server = Server::new(false);
    let (one, two) = (server.start(FlowKind::Session), server.start(FlowKind::Session));
    assert_eq!(one, two);
    let token = server.start(FlowKind::Token);
    assert_ne!(one, token);
    token.dispose();

    two.dispose();
    until(&one, |state| matches!(state, State::SignedOut { .. })).await;
    assert_eq!(code(one.check().await), "signed_out");
    one.dispose();
    assert_eq!(code(one.check().await), "disposed");
    let three = server.start(FlowKind::Session);
    assert_ne!(one, three);
    three.dispose();
    three.dispose();
}

#[wasm_bindgen_test]
async fn calls_that_wait_hear_of_the_end() {
    let server = Server::new(false);
    let client = server.start(FlowKind::Session);
    let stopping = client.clone();
    wasm_bindgen_futures::spawn_local(async move {
        TimeoutFuture::new(20).await;
        stopping.dispose();
    });
    let _silence = fetch_is("return new Promise(() => {})");
    assert_eq!(code(client.sign_in("alice", "right").await), "disposed");
}

#[wasm_bindgen_test]
async fn a_call_that_is_dropped_is_forgotten() {
    let server = Server::new(false);
    let client = server.signed_in(FlowKind::Session).await;
    {
        let mut call = Box::pin(client.sessions());
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        assert!(call.as_mut().poll(&mut context).is_pending());
    }
    assert_eq!(client.sessions().await.unwrap(), []);
    client.dispose();
}

#[wasm_bindgen_test]
async fn a_request_is_dressed_and_stays_the_applications() {
    let server = Server::new(false);
    let client = server.signed_in(FlowKind::Session).await;
    assert_eq!(client.fetch(&server.address("/api/reports")).await.unwrap().status(), 200);
    assert_eq!(client.fetch(&server.address("/missing")).await.unwrap().status(), 404);
    let post = server.request("POST", "/api/reports", Some("body"));
    assert_eq!(client.fetch_request(post, Repeat::ByMethod).await.unwrap().status(), 200);
    assert_eq!(server.requests_to("/api/reports"), ["GET /api/reports sid-1 ", "POST /api/reports sid-1 body"]);
    client.dispose();
}

#[wasm_bindgen_test]
async fn strangers_get_no_credential() {
    let server = Server::new(false);
    let client = server.signed_in(FlowKind::Token).await;
    let before = server.requests().len();
    assert_eq!(code(client.fetch("https://stranger.example/api").await), "origin_not_allowed");
    assert_eq!(code(client.fetch("https://").await), "invalid_address");
    assert_eq!(server.requests().len(), before);
    client.dispose();
}

#[wasm_bindgen_test]
async fn a_401_leads_to_one_renewal_and_one_repeat_with_the_same_body() {
    let server = Server::new(false);
    let client = server.signed_in(FlowKind::Token).await;
    eval("server.refuse = 1");
    let put = server.request("PUT", "/api/reports", Some("body"));
    assert_eq!(client.fetch_request(put, Repeat::ByMethod).await.unwrap().status(), 200);
    let sent = server.requests_to("/api/reports");
    assert_eq!(sent.len(), 2);
    assert!(sent.iter().all(|request| request.starts_with("PUT /api/reports Bearer ") && request.ends_with(" body")));
    assert_ne!(sent[0], sent[1]);
    assert_eq!(server.requests_to("/auth/token").len(), 2, "one at the start, one for the 401");
    client.dispose();
}

#[wasm_bindgen_test]
async fn a_post_is_repeated_only_where_the_application_allows_it() {
    let server = Server::new(false);
    let client = server.signed_in(FlowKind::Token).await;
    for (repeat, status, sent) in [(Repeat::ByMethod, 401, 1), (Repeat::Never, 401, 2), (Repeat::Allowed, 200, 4)] {
        eval("server.refuse = 1");
        let post = server.request("POST", "/api/reports", Some("body"));
        assert_eq!(client.fetch_request(post, repeat).await.unwrap().status(), status, "{repeat:?}");
        assert_eq!(server.requests_to("/api/reports").len(), sent, "{repeat:?}");
    }
    client.dispose();
}

#[wasm_bindgen_test]
async fn an_answer_can_be_read_after_the_core_looked_at_it() {
    let server = Server::new(false);
    let client = server.signed_in(FlowKind::Session).await;
    let answer = client.fetch(&server.address("/missing")).await.unwrap();
    let body = wasm_bindgen_futures::JsFuture::from(answer.text().unwrap()).await.unwrap();
    assert!(body.as_string().unwrap().contains("not_found"));
    client.dispose();
}

#[wasm_bindgen_test]
async fn the_applications_own_signal_aborts_its_request() {
    let server = Server::new(false);
    let client = server.signed_in(FlowKind::Session).await;
    let controller = AbortController::new().unwrap();
    let init = RequestInit::new();
    init.set_signal(Some(&controller.signal()));
    let request = web_sys::Request::new_with_str_and_init(&server.address("/api/never"), &init).unwrap();
    wasm_bindgen_futures::spawn_local(async move {
        TimeoutFuture::new(20).await;
        controller.abort();
    });
    assert_eq!(code(client.fetch_request(request, Repeat::ByMethod).await), "aborted");
    client.dispose();
}

#[wasm_bindgen_test]
async fn tokens_are_handed_out_only_in_the_token_flow() {
    let server = Server::new(false);
    let client = server.signed_in(FlowKind::Token).await;
    let token = client.access_token().await.unwrap();
    assert_eq!(token.expose().split('.').count(), 3);
    assert!(!format!("{client:?}").contains(token.expose()));
    client.dispose();
    let client = server.start(FlowKind::Session);
    until(&client, State::is_signed_in).await;
    assert_eq!(code(client.access_token().await), "no_access_token");
    assert_eq!(code(client.revoke(Revoke::One { sid: "unknown".into() }).await), "not_found");
    client.dispose();
}

#[wasm_bindgen_test]
async fn a_token_nobody_can_vouch_for_is_not_called_verified() {
    let server = Server::new(false);
    let client = server.signed_in(FlowKind::Token).await;
    TimeoutFuture::new(50).await;
    let state = client.state();
    let verification = &state.claims().unwrap().provenance.verification;
    assert!(!matches!(verification, Verification::Verified { .. }), "{verification:?}");
    client.dispose();
}

#[wasm_bindgen_test]
fn mistakes_in_the_choices_are_told() {
    let start = |server: &str| AuthClient::builder().server(server).start();
    assert_eq!(code(start("https://")), "invalid_address");
    assert_eq!(code(start("http://api.example.com")), "insecure_origin");
    assert_eq!(code(AuthClient::builder().allow_origin("http://example.com").start()), "insecure_origin");
}

#[wasm_bindgen_test]
fn without_a_random_source_nothing_starts() {
    let _missing = Replaced::new(&eval("window"), "crypto", &Object::new());
    assert_eq!(code(AuthClient::builder().server("/nowhere").start()), "no_browser");
}
