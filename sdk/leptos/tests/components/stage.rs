//! A page with a place for components, and a server that `fetch` plays.

use std::any::Any;

use countersign_leptos::{AuthClient, FlowKind, State};
use gloo_timers::future::TimeoutFuture;
use js_sys::{Function, Reflect};
use leptos::mount::mount_to;
use leptos::prelude::*;
use leptos::wasm_bindgen::{JsCast, JsValue};
use leptos::web_sys::{HtmlElement, HtmlInputElement};

/// As much of docs/protocol.md as these tests need. While `silent` is set nothing is answered.
const SERVER: &str = r#"
    const request = arguments[0], server = window.server, path = new URL(request.url).pathname.replace(/^\/\w+/, '');
    const json = (status, body) => new Response(JSON.stringify(body), { status, headers: {
        'Content-Type': status < 400 ? 'application/json' : 'application/problem+json' } });
    const session = () => json(200, { sid: `sid-${server.signIns}`, ep: 1,
        user: { sub: 'u_alice', username: 'alice', name: 'Alice Archer' },
        claims: { sub: 'u_alice', roles: server.roles, scope: 'profile reports:read', auth_time: 1790000000 },
        expires_in: 43200, idle_expires_in: 1800 });
    const never = new Promise((_, reject) =>
        request.signal.addEventListener('abort', () => reject(request.signal.reason)));
    if (server.silent || path === '/auth/events') return never;
    switch (`${request.method} ${path}`) {
        case 'POST /auth/session': server.signIns += 1; server.signedIn = true; return Promise.resolve(session());
        case 'DELETE /auth/session': server.signedIn = false; return Promise.resolve(new Response(null, { status: 204 }));
    }
    return Promise.resolve(server.signedIn ? session()
        : json(401, { code: 'no_session', status: 401, reason: 'no_credential' }));
"#;

/// One client, one place in the page; gone when it is dropped.
pub struct Stage {
    pub client: AuthClient,
    place: HtmlElement,
    mounted: Option<Box<dyn Any>>,
    fetch: JsValue,
}

impl Stage {
    /// `state` are the members of the server's state, as JavaScript.
    pub fn new(state: &str) -> Self {
        let window = JsValue::from(window());
        let fetch = Reflect::get(&window, &"fetch".into()).unwrap();
        let server = format!("({{ silent: false, signedIn: false, signIns: 1, roles: ['member'], {state} }})");
        Reflect::set(&window, &"server".into(), &js_sys::eval(&server).unwrap()).unwrap();
        Reflect::set(&window, &"fetch".into(), &Function::new_no_args(SERVER)).unwrap();
        let place: HtmlElement = document().create_element("div").unwrap().unchecked_into();
        document().body().unwrap().append_child(&place).unwrap();
        Self { client: fresh_client(), place, mounted: None, fetch }
    }

    pub fn mount<V: IntoView + 'static>(&mut self, view: impl FnOnce(AuthClient) -> V + 'static) {
        let client = self.client.clone();
        self.mounted = Some(Box::new(mount_to(self.place.clone(), move || view(client))));
    }

    pub fn html(&self) -> String {
        self.place.inner_html()
    }

    /// The words alone, without elements.
    pub fn text(&self) -> String {
        self.place.text_content().unwrap_or_default()
    }

    /// The only input, which must be there.
    pub fn input(&self) -> HtmlInputElement {
        self.place.query_selector("input").unwrap().unwrap().unchecked_into()
    }

    /// Waits until the page holds the text; fails after five seconds without.
    pub async fn shows(&self, text: &str) {
        self.waits_for(text, Self::html).await;
    }

    /// The same for words that stand in several elements.
    pub async fn says(&self, text: &str) {
        self.waits_for(text, Self::text).await;
    }

    async fn waits_for(&self, text: &str, look: fn(&Self) -> String) {
        for _ in 0..1_000 {
            if look(self).contains(text) {
                return;
            }
            TimeoutFuture::new(5).await;
        }
        panic!("{text:?} is not in {:?}, in {:?}", look(self), self.client.snapshot());
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        self.mounted = None;
        self.place.remove();
        self.client.dispose();
        Reflect::set(&JsValue::from(window()), &"fetch".into(), &self.fetch).unwrap();
    }
}

/// A client that shares no record with that of another test.
pub fn fresh_client() -> AuthClient {
    let server = format!("/server{}", (js_sys::Math::random() * 1e15) as u64);
    AuthClient::builder().flow(FlowKind::Session).server(server).start().unwrap()
}

pub fn server_does(script: &str) {
    js_sys::eval(&format!("window.server.{script}")).unwrap();
}

pub async fn until(client: &AuthClient, condition: impl Fn(&State) -> bool) {
    for _ in 0..1_000 {
        if condition(&client.state()) {
            return TimeoutFuture::new(20).await;
        }
        TimeoutFuture::new(5).await;
    }
    panic!("{:?}", client.snapshot());
}
