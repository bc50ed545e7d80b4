//! `kill -9` while devices renew, sign out and are robbed: what was answered holds, and no lineage is lost or forked.
//!
//! The tests do it 20 times. `cargo xtask bench kill` does it as often as it is told, through `KILL_RUNS` and `KILL_SEED`.

mod device;
mod link;

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use server_mock::{
    Config, Random,
    config::{PasswordCost, RotationStyle},
};
use tokio::sync::Notify;

use self::device::{Device, Findings};
use crate::support::{Dice, Folder, process::Running};

const DEVICES: u64 = 8;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn s01_s02_s04_s24_a_kill_loses_no_lineage_and_forks_none() {
    let number = |name: &str| std::env::var(name).ok().map(|text| text.parse::<u64>().expect("a number"));
    let (runs, seed) = (number("KILL_RUNS").unwrap_or(20), number("KILL_SEED").unwrap_or(1));
    // In the other styles a lost answer is lost for good.
    let of_parents = runs * 3 / 10;
    let mut tally = kill_again_and_again(runs - of_parents, seed, RotationStyle::RetryWindow).await;
    tally.add(kill_again_and_again(of_parents, seed, RotationStyle::ParentValidUntilChildUsed).await);
    println!("{}", tally.line(seed));
    assert!(tally.answered > runs && tally.unanswered > runs / 2, "too little was going on when the server was killed");
    assert!(tally.is_clean(), "{:#?}", tally.findings);
}

#[derive(Default)]
struct Tally {
    kills: u64,
    answered: u64,
    unanswered: u64,
    findings: Findings,
}

async fn kill_again_and_again(runs: u64, seed: u64, style: RotationStyle) -> Tally {
    let mut dice = Dice::new(seed);
    let folder = Folder::new();
    let database = folder.file("server.db").display().to_string();
    let users = folder.file("seed.toml").display().to_string();
    std::fs::write(&users, cheap_users()).unwrap();
    let start = || {
        let mut running = Running::start(&[
            "--listen",
            "127.0.0.1:0",
            "--database",
            &database,
            "--seed",
            &users,
            "--rotation",
            style.word(),
            "--log",
            "error",
            "--busy-timeout",
            "30000",
        ]);
        let address = running.address();
        (running, address)
    };
    let mut devices: Vec<_> = (0..DEVICES).map(|number| Device::new(seed * DEVICES + number)).collect();
    let (mut running, mut address) = start();
    for _ in 0..runs {
        devices = live_until_the_kill(devices, &address, running, &mut dice).await;
        (running, address) = start();
        for device in &mut devices {
            device.audit(&address).await;
        }
    }
    let mut tally = Tally { kills: runs, ..Tally::default() };
    devices.into_iter().for_each(|device| tally.take_in(device));
    tally
}

/// The moment: once so many requests were answered, and a little later, so that it falls anywhere into the next ones.
async fn live_until_the_kill(devices: Vec<Device>, address: &str, running: Running, dice: &mut Dice) -> Vec<Device> {
    let (answers, later) = (1 + dice.roll(40), Duration::from_micros(dice.roll(8_000) as u64));
    let (answered, enough) = (Arc::new(AtomicUsize::new(0)), Arc::new(Notify::new()));
    let lives: Vec<_> = devices
        .into_iter()
        .map(|mut device| {
            let (address, answered, enough) = (address.to_owned(), answered.clone(), enough.clone());
            tokio::spawn(async move {
                let count = || {
                    if answered.fetch_add(1, Ordering::SeqCst) + 1 == answers {
                        enough.notify_one();
                    }
                };
                device.live(&address, count).await;
                device
            })
        })
        .collect();
    enough.notified().await;
    tokio::time::sleep(later).await;
    drop(running);
    let mut survivors = Vec::new();
    for life in lives {
        survivors.push(life.await.unwrap());
    }
    survivors
}

/// Bob and the client, with a password that costs next to nothing to check.
fn cheap_users() -> String {
    let config = Config { password_cost: PasswordCost { memory_kib: 8, iterations: 1 }, ..Config::default() };
    let hash = config.hash_password("bob-demo-pass", &Random::predictable_for_tests(1));
    format!(
        "[[users]]\nusername = \"bob\"\nname = \"Bob\"\nroles = []\npassword_hash = \"{hash}\"\n\
         [[clients]]\nclient_id = \"demo-body\"\nrefresh = \"body\"\n"
    )
}

impl Tally {
    fn take_in(&mut self, device: Device) {
        self.answered += device.answered_renewals;
        self.unanswered += device.unanswered_renewals;
        self.findings.add(device.findings);
    }

    fn add(&mut self, other: Tally) {
        self.kills += other.kills;
        self.answered += other.answered;
        self.unanswered += other.unanswered;
        self.findings.add(other.findings);
    }

    fn is_clean(&self) -> bool {
        let Findings { lost, forked, revived } = &self.findings;
        lost.is_empty() && forked.is_empty() && revived.is_empty()
    }

    fn line(&self, seed: u64) -> String {
        let Findings { lost, forked, revived } = &self.findings;
        format!(
            "kill: {} kills, {} lineages lost, {} forked, {} revived (seed {seed}, {DEVICES} devices, {} renewals answered, {} in flight at a kill)",
            self.kills,
            lost.len(),
            forked.len(),
            revived.len(),
            self.answered,
            self.unanswered
        )
    }
}

impl Findings {
    fn add(&mut self, other: Findings) {
        self.lost.extend(other.lost);
        self.forked.extend(other.forked);
        self.revived.extend(other.revived);
    }
}
