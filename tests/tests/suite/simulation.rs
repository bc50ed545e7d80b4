//! Does the simulation itself work? A seed is one run, a run is data, and the first seeds hold. `cargo xtask simulate` plays
//! many.

use countersign_tests::simulation::{ACTS, Census, Plan, plan, play};

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
