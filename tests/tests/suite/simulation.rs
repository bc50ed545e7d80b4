//! Does the simulation itself work? A seed is one run, a run is data, and the first seeds hold. `cargo xtask simulate` plays
//! many.

use countersign_tests::simulation::{ACTS, Catch, Census, Plan, RIVALS, hunt, plan, play, play_with, shrink};

#[test]
fn sim_the_first_seeds_hold_and_are_not_empty() {
    let mut sum = Census::default();
    for seed in 0..20 {
        let outcome = play(&plan(seed, ACTS));
        assert!(outcome.breach.is_none(), "seed {seed}: {:?}; cargo xtask simulate --seed {seed}", outcome.breach);
        sum.merge(&outcome.census);
    }
    for what in ["renewals", "sign-ins", "sign-outs", "answers lost", "crashes", "sleeps", "steps of clients run again"]
    {
        assert!(sum.get(what) > 0, "{what}: {:#?}", sum.lines());
    }
}

#[test]
fn sim_a_seed_decides_everything() {
    for seed in 100..103 {
        let (first, second) = (play(&plan(seed, ACTS)), play(&plan(seed, ACTS)));
        assert_eq!(first.census, second.census, "seed {seed}");
    }
}

#[test]
fn sim_a_plan_that_was_written_down_is_the_same_plan() {
    for seed in 0..200 {
        let plan = plan(seed, ACTS);
        let text = serde_json::to_string(&plan).unwrap();
        assert!(text.starts_with(r#"{"simulation":"#), "the first member tells what it is");
        assert_eq!(serde_json::from_str::<Plan>(&text).unwrap(), plan, "seed {seed}");
    }
}

/// Those that few seeds find; `cargo xtask simulate --planted` hunts them all.
#[test]
fn sim_bugs_that_rivals_had_are_caught() {
    let easy = [
        "renewal_stops_for_good",
        "any_error_signs_out",
        "callback_under_lock",
        "renews_in_a_hot_loop",
        "timer_captured_the_token",
        "second_flight",
        "shown_and_not_stored",
        "tokens_in_the_channel",
        "last_writer_wins",
        "grace_for_anybody",
    ];
    for rival in RIVALS.iter().filter(|rival| easy.contains(&rival.name)) {
        assert!(hunt(rival, 0, 100, ACTS).is_some(), "{} is not caught", rival.name);
    }
}

#[test]
fn sim_a_violation_is_shortened_and_still_the_same() {
    let rival = RIVALS.iter().find(|rival| rival.name == "any_error_signs_out").unwrap();
    let Catch { seed, breach, .. } = hunt(rival, 0, 100, ACTS).unwrap();
    let whole = plan(seed, ACTS);
    let shortest = shrink(&whole, breach.invariant, Some(rival.place));
    assert!(shortest.acts.len() < 12, "{} acts are left", shortest.acts.len());
    let again = play_with(&shortest, Some(rival.place)).breach;
    assert_eq!(again.map(|breach| breach.invariant), Some(breach.invariant));
    assert!(play(&shortest).breach.is_none(), "without the bug nothing is wrong");
}
