//! Physics against closed forms and published cases: the cases of `stormgrid_verify`, one test each.
//!
//! Law, source and tolerance stand in the header of each case's file in `engine/verify/src`. A test
//! prints the rows and fails on a missed gate, but for those that local inertial misses by design
//! and those whose known cause the case tells as open.

mod local_steps;
mod volume;

use stormgrid_tests::{shared_folder, skip};
use stormgrid_verify::{Lab, Verdict, page};

/// Runs a case and holds its gates.
fn holds(name: &str) {
    let case = stormgrid_verify::case(name).expect("a case of that name");
    let report = stormgrid_verify::verify(case, lab().as_ref());
    print!("{}", page::text(&report));
    if let Some(reason) = report.skipped {
        skip(reason);
    }
    let missed = |row: &&stormgrid_verify::Row| row.verdict == Verdict::Fail;
    let missed: Vec<_> = report.rows.iter().filter(missed).collect();
    assert!(missed.is_empty(), "{missed:#?}");
}

/// What was measured in the wave tank of Monai, if it is beside the checkout.
fn lab() -> Option<Lab> {
    let folder = shared_folder("terrain/monai_lab")?;
    let text = |name| std::fs::read_to_string(folder.join(name)).ok();
    let bed = std::fs::read(folder.join(Lab::BED)).ok()?;
    let lab = Lab::read(&bed, &text(Lab::WAVE)?, &text(Lab::GAUGES)?);
    Some(lab.expect("the measured data are readable"))
}

#[test]
fn walls_in_steps_take_no_momentum() {
    holds("turned_channel");
}

#[test]
fn every_case_has_a_test() {
    let text = include_str!("main.rs");
    for case in stormgrid_verify::CASES {
        let call = format!("holds(\"{}\");", case.name);
        assert!(text.contains(&call), "no test runs `{}`", case.name);
    }
}

#[test]
fn a_lake_over_any_bed_stays_at_rest() {
    holds("lake_at_rest");
}

#[test]
fn no_direction_is_better_than_another() {
    holds("symmetry");
}

#[test]
fn no_water_is_made_or_lost() {
    holds("volume");
}

#[test]
fn a_dam_breaks_onto_a_dry_bed() {
    holds("ritter");
}

#[test]
fn a_dam_breaks_onto_a_wet_bed() {
    holds("stoker");
}

#[test]
fn a_high_dam_breaks_onto_a_wet_bed() {
    holds("stoker_large");
}

#[test]
fn a_dam_breaks_onto_a_rough_bed() {
    holds("dressler");
}

#[test]
fn a_smooth_wave_steepens() {
    holds("simple_wave");
}

#[test]
fn a_plane_surface_swings_in_a_parabola() {
    holds("thacker_1d");
}

#[test]
fn a_round_surface_swings_in_a_paraboloid() {
    holds("thacker_radial");
}

#[test]
fn a_plane_surface_circles_in_a_paraboloid() {
    holds("thacker_planar");
}

#[test]
fn subcritical_flow_passes_a_bump() {
    holds("bump_subcritical");
}

#[test]
fn flow_turns_supercritical_on_a_bump() {
    holds("bump_transcritical");
}

#[test]
fn flow_jumps_behind_a_bump() {
    holds("bump_shock");
}

#[test]
fn a_rough_channel_keeps_its_depth() {
    holds("macdonald");
}

#[test]
fn a_wave_on_a_plane_keeps_its_shape() {
    holds("wave_on_plane");
}

#[test]
fn rain_on_a_plane_follows_the_kinematic_wave() {
    holds("rain_on_plane");
}

#[test]
fn the_outlet_of_a_v_catchment_carries_the_rain() {
    holds("v_catchment");
}

#[test]
fn a_pond_cut_off_stands_at_its_sill() {
    holds("ea1");
}

#[test]
fn hollows_fill_to_their_sills() {
    holds("ea2");
}

#[test]
fn momentum_carries_water_over_an_obstruction() {
    holds("ea3");
}

#[test]
fn a_breach_onto_a_plain_spreads_symmetrically() {
    holds("ea4");
}

#[test]
fn a_dam_break_meets_a_building() {
    holds("ea6a");
}

#[test]
fn a_large_dam_break_meets_a_building() {
    holds("ea6b");
}

#[test]
fn a_tsunami_runs_up_at_monai() {
    holds("monai");
}
