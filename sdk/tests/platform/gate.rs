//! A gate that is watched says what it says at once, when the state changes, and when time alone changes it

use std::cell::RefCell;
use std::rc::Rc;

use countersign::{AuthClient, Decision, FlowKind, Gate, GateWatch, Why};
use gloo_timers::future::TimeoutFuture;
use wasm_bindgen_test::wasm_bindgen_test;

use crate::client::Server;

#[derive(Clone, Default)]
struct Told(Rc<RefCell<Vec<Decision>>>);

impl Told {
    fn watch(&self, client: &AuthClient, gate: Gate) -> GateWatch {
        let told = Rc::clone(&self.0);
        client.watch_gate(gate, move |decision| told.borrow_mut().push(decision.clone()))
    }

    /// Everything that was told until there are so many; fails after five seconds.
    async fn until(&self, many: usize) -> Vec<Decision> {
        for _ in 0..1_000 {
            if self.0.borrow().len() >= many {
                return self.0.borrow().clone();
            }
            TimeoutFuture::new(5).await;
        }
        panic!("{:?}", self.0);
    }
}

fn closed(why: Why) -> Decision {
    Decision::Closed { why }
}

#[wasm_bindgen_test]
async fn a_watched_gate_is_told_once_for_each_change() {
    let server = Server::new(false);
    let client = server.signed_in(FlowKind::Session).await;
    let (told, missing) = (Told::default(), Told::default());
    let watch = told.watch(&client, Gate::role("admin"));
    let other = missing.watch(&client, Gate::role("boss"));
    assert_eq!((watch.decision(), watch.changes_at()), (Decision::Open, None));
    client.check().await.unwrap();
    assert!(told.0.borrow().is_empty(), "nothing changed, so nothing is told");
    client.sign_out().await.unwrap();
    assert_eq!(told.until(1).await, [closed(Why::SignedOut)]);
    assert_eq!(watch.decision(), closed(Why::SignedOut));
    client.sign_in("alice", "right").await.unwrap();
    assert_eq!(told.until(3).await[1..], [closed(Why::NotKnownYet), Decision::Open]);
    drop(watch);
    client.sign_out().await.unwrap();
    assert_eq!(told.0.borrow().len(), 3, "a watch that was dropped hears nothing");
    assert_eq!(missing.0.borrow().last(), Some(&closed(Why::SignedOut)));
    drop(other);
    client.dispose();
}

#[wasm_bindgen_test]
async fn time_alone_closes_a_gate_and_nothing_is_asked_meanwhile() {
    let server = Server::new(false);
    let client = server.signed_in(FlowKind::Session).await;
    let told = Told::default();
    let watch = told.watch(&client, Gate::fresh_within(1));
    let asked = || server.requests_to("/auth/session").len();
    let before = asked();
    assert_eq!(watch.decision(), Decision::Open);
    let changes_at = watch.changes_at().unwrap();
    assert_eq!(told.until(1).await, [closed(Why::TooOld(1))]);
    assert!(js_sys::Date::now() as i64 >= changes_at);
    assert_eq!((watch.changes_at(), asked()), (None, before));
    client.check().await.unwrap();
    assert_eq!(told.until(2).await[1], Decision::Open, "the server was asked, so the claims are fresh again");
    drop(watch);
    client.dispose();
}

#[wasm_bindgen_test]
async fn a_callback_may_change_what_it_is_told_about() {
    let server = Server::new(false);
    let client = server.signed_in(FlowKind::Session).await;
    let told = Told::default();
    let (seen, own) = (Rc::clone(&told.0), client.clone());
    let watch = client.watch_gate(Gate::fresh_within(1), move |decision| {
        seen.borrow_mut().push(decision.clone());
        if *decision == closed(Why::TooOld(1)) {
            let client = own.clone();
            wasm_bindgen_futures::spawn_local(async move { drop(client.sign_out().await) });
        }
    });
    assert_eq!(told.until(2).await, [closed(Why::TooOld(1)), closed(Why::SignedOut)]);
    drop(watch);
    client.dispose();
}
