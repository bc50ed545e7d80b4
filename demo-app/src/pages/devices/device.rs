//! What is known of one session?

use countersign_leptos::FlowKind;
use countersign_leptos::countersign::core::DeviceSession;
use countersign_leptos::countersign::core::input::Revoke;
use leptos::prelude::*;

use crate::clock::{machine_stamp, stamp, use_clock};
use crate::header::flow_name;

#[component]
pub fn Device(device: DeviceSession, revoke: Callback<Revoke>) -> impl IntoView {
    let clock = use_clock();
    let DeviceSession { sid, current, flow, created_at, active_at, expires_at, user_agent, address } = device;
    let title = format!("device-{sid}");
    let revoke_button = (!current).then(|| {
        let (sid, title) = (sid.clone(), title.clone());
        let end = move |_| revoke.run(Revoke::One { sid: sid.clone() });
        view! { <button type="button" class="danger" aria-describedby=title on:click=end>"Revoke"</button> }
    });
    let day = |seconds: i64| {
        let seconds = seconds as f64;
        view! { <time datetime=machine_stamp(seconds)>{stamp(seconds)}</time> }
    };
    view! {
        <li class="card device" data-sid=sid data-current=current.then_some("")>
            <div class="device-head">
                <h2 id=title>{browser(&user_agent)}</h2>
                {current.then(|| view! { <span class="badge">"This device"</span> })}
                {revoke_button}
            </div>
            <dl class="facts">
                <dt>"Carried as"</dt>
                <dd>{FlowKind::from_code(&flow).map_or(flow, |flow| flow_name(flow).to_owned())}</dd>
                <dt>"Address"</dt>
                <dd><code>{address}</code></dd>
                <dt>"Signed in"</dt>
                <dd>{day(created_at)}</dd>
                <dt>"Last active"</dt>
                <dd>{move || clock.since(active_at * 1000)}</dd>
                <dt>"Ends at the latest"</dt>
                <dd>{day(expires_at)}</dd>
            </dl>
        </li>
    }
}

/// A user agent as people would name it. Browsers pretend to be each other, so the order matters.
fn browser(user_agent: &str) -> String {
    let find = |names: &[(&str, &'static str)]| {
        names.iter().find(|(mark, _)| user_agent.contains(mark)).map(|(_, name)| *name)
    };
    let name = find(&[
        ("Edg/", "Edge"),
        ("Firefox/", "Firefox"),
        ("HeadlessChrome/", "Chromium (headless)"),
        ("Chrome/", "Chromium"),
        ("Safari/", "Safari"),
    ]);
    let system = find(&[
        ("Android", "Android"),
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Windows", "Windows"),
        ("Mac OS X", "macOS"),
        ("Linux", "Linux"),
    ]);
    match (name, system) {
        (Some(name), Some(system)) => format!("{name} on {system}"),
        (Some(name), None) => name.to_owned(),
        (None, _) if user_agent.is_empty() => "Unnamed client".to_owned(),
        (None, _) => user_agent.chars().take(60).collect(),
    }
}
