//! Roads joined to one network: beside canals and dikes, over canals and the Lile river, to every unit.
//!
//! The cuts of the partition give roads and canals ([`landuse::lines`]). A canal takes the place of a road, so that
//! what ends at it would end in the water. Here both banks of a canal get a road that such ends meet, bridges join
//! the banks, a road runs along the inner foot of each dike, and tracks are added where a part of the network or a
//! unit would be left alone. All lines stay straight on the sheet; where two meet is a junction.

use std::collections::BTreeSet;

use crate::landuse::{self, Course, LandUse, Line, LineKind, RoadClass, Side};
use crate::partition::{Block, Level, Partition};
use crate::plan;

/// Between a canal's edge and the middle of the road beside it [m].
const BANK: i32 = 18;
/// Least distance of two bridges over one canal [m]: about a village's way round.
const BETWEEN_BRIDGES: i32 = 300;
/// Least distance of two bridges over the Lile river [m].
const BETWEEN_RIVER_BRIDGES: i32 = 1000;
/// Shortest road that is worth a line [m].
const SHORTEST: i32 = 20;
/// Step at which it is asked whether a road may be there [m].
const STEP: i32 = 10;
/// Farthest that an end is led on to meet the network [m].
const LED_ON: i32 = 600;
/// A road this close to a unit's edge serves it [m].
const SERVES: i32 = 35;
/// How far a bridge reaches beyond the water's edge [m].
const ABUTMENT: i32 = 4;
/// Approaches shorter than this belong to the bridge [m].
const APPROACH: i32 = 25;

/// The levee roads' places: inner feet of the dikes, clear of their slopes.
const LEVEE_EAST: i32 = 9720;
const LEVEE_NORTH: i32 = 10_560;
const LEVEE_LILE: (i32, i32) = (2850, 3150);

/// A stretch of a road above water.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    /// Start along the line [m].
    pub(crate) from: i32,
    /// End along the line [m].
    pub(crate) to: i32,
}

/// Roads and canals of the district.
pub(crate) fn lines(partition: &Partition, uses: &[LandUse], seed: u64) -> Vec<Line> {
    let base = landuse::lines(partition, seed);
    let canals: Vec<Line> = base
        .iter()
        .filter(|line| half_width(line).is_some())
        .copied()
        .collect();
    let cut_roads: Vec<Line> = base
        .iter()
        .filter(|line| half_width(line).is_none())
        .copied()
        .collect();
    let mut roads = levees();
    let mut bridges = river_bridges(&cut_roads);
    for canal in &canals {
        for side in [Side::Low, Side::High] {
            let parts = passable(&bank(canal, side));
            roads.extend(parts.iter().filter_map(|part| trimmed(part, &canals)));
        }
        bridges.extend(canal_bridges(canal, &cut_roads));
    }
    for road in &cut_roads {
        roads.extend(
            passable(road)
                .iter()
                .filter_map(|part| trimmed(part, &canals)),
        );
    }
    roads.extend(bridges);
    let mut net = Net {
        roads,
        canals: &canals,
        spare: spare(partition, &cut_roads, &canals),
    };
    net.join_parts();
    net.serve_units(partition, uses);
    net.join_parts();
    let roads = net.roads;
    canals.into_iter().chain(roads).collect()
}

/// Half the width of a canal, rounded up; `None` of a road.
fn half_width(line: &Line) -> Option<i32> {
    match line.kind {
        LineKind::Canal(width) => Some((0.5 * width).ceil() as i32),
        LineKind::Road(_) => None,
    }
}

fn road(
    class: RoadClass,
    course: Course,
    cut: usize,
    northward: bool,
    at: i32,
    ends: (i32, i32),
) -> Line {
    Line {
        kind: LineKind::Road(class),
        course,
        cut,
        northward,
        at,
        from: ends.0,
        to: ends.1,
    }
}

/// Roads along the inner feet of the dikes, no wider than a street.
fn levees() -> Vec<Line> {
    let levee = |name: &'static str, northward, at, ends| {
        road(
            RoadClass::Residential,
            Course::Levee(name),
            0,
            northward,
            at,
            ends,
        )
    };
    let (south, north) = LEVEE_LILE;
    vec![
        levee("外海沿江路", true, LEVEE_EAST, (north, LEVEE_NORTH)),
        levee("礼东沿江路", true, LEVEE_EAST, (0, south)),
        levee("北堤路", false, LEVEE_NORTH, (0, LEVEE_EAST)),
        levee("礼乐河北路", false, north, (0, LEVEE_EAST)),
        levee("礼乐河南路", false, south, (0, LEVEE_EAST)),
    ]
}

/// Bridges over the Lile river where main roads lead to it, from levee road to levee road.
fn river_bridges(roads: &[Line]) -> Vec<Line> {
    let mut leading: Vec<&Line> = roads
        .iter()
        .filter(|l| {
            let crosses = |levee: i32| l.from < levee && levee < l.to;
            l.northward && (crosses(LEVEE_LILE.0) || crosses(LEVEE_LILE.1))
        })
        .collect();
    leading.sort_by_key(|l| (class_of(l), l.at));
    let mut bridges: Vec<Line> = Vec::new();
    for line in leading {
        let apart = bridges
            .iter()
            .all(|b| (b.at - line.at).abs() >= BETWEEN_RIVER_BRIDGES);
        if apart && class_of(line) <= RoadClass::Secondary {
            bridges.push(road(
                RoadClass::Primary,
                Course::RiverBridge,
                line.cut,
                true,
                line.at,
                LEVEE_LILE,
            ));
        }
    }
    bridges
}

/// Bridges over a canal where roads end at it, the greater roads first; one in its middle where none does.
fn canal_bridges(canal: &Line, roads: &[Line]) -> Vec<Line> {
    let reach = half_width(canal).unwrap_or_default() + BANK;
    let mut ends: Vec<&Line> = roads.iter().filter(|r| ends_at(r, canal)).collect();
    ends.sort_by_key(|r| (class_of(r), r.at));
    let (from, to) = (canal.at - reach, canal.at + reach);
    let mut bridges: Vec<Line> = Vec::new();
    for end in ends {
        let inside = (canal.from + reach..=canal.to - reach).contains(&end.at);
        let apart = bridges
            .iter()
            .all(|b| (b.at - end.at).abs() >= BETWEEN_BRIDGES);
        if inside && apart {
            bridges.push(road(
                class_of(end),
                Course::Cut,
                end.cut,
                end.northward,
                end.at,
                (from, to),
            ));
        }
    }
    if bridges.is_empty() {
        let middle = (canal.from + canal.to) / 2;
        bridges.push(road(
            RoadClass::Track,
            Course::Cut,
            canal.cut,
            !canal.northward,
            middle,
            (from, to),
        ));
    }
    bridges
}

/// Whether a road ends in the middle of a canal.
fn ends_at(road: &Line, canal: &Line) -> bool {
    road.northward != canal.northward
        && (road.from == canal.at || road.to == canal.at)
        && (canal.from..=canal.to).contains(&road.at)
}

/// The road beside a canal: on one side as wide as the canal asks for, a lane on the other.
fn bank(canal: &Line, side: Side) -> Line {
    let half = half_width(canal).unwrap_or_default();
    let (u, v) = canal.place(0.5 * f64::from(canal.from + canal.to));
    let built_up = plan::urbanity(u, v) > 0.2 || plan::is_industrial(u, v);
    let class = match (side, half > 7, built_up) {
        (Side::Low, true, _) => RoadClass::Secondary,
        (_, _, true) => RoadClass::Residential,
        _ => RoadClass::Track,
    };
    let at = match side {
        Side::Low => canal.at - half - BANK,
        Side::High => canal.at + half + BANK,
    };
    road(
        class,
        Course::Bank(side),
        canal.cut,
        canal.northward,
        at,
        (canal.from, canal.to),
    )
}

/// A road that ends in a canal ends at the road on its bank instead. None where nothing is left.
fn trimmed(line: &Line, canals: &[Line]) -> Option<Line> {
    let mut line = *line;
    for canal in canals.iter().filter(|c| c.northward != line.northward) {
        let reach = half_width(canal).unwrap_or_default() + BANK;
        // A bank's road is met by the canal's own neighbours, which may end a little beside the canal.
        let beside = (canal.from - reach..=canal.to + reach).contains(&line.at);
        if !beside {
            continue;
        }
        if (line.from - canal.at).abs() < reach && line.to > canal.at {
            line.from = canal.at + reach;
        }
        if (line.to - canal.at).abs() < reach && line.from < canal.at {
            line.to = canal.at - reach;
        }
    }
    (line.to - line.from >= SHORTEST).then_some(line)
}

/// True where a road may run: on the district's land, within the levee roads, off the hills.
fn may_run(u: f64, v: f64) -> bool {
    let between = v > f64::from(LEVEE_LILE.0) && v < f64::from(LEVEE_LILE.1);
    let inside =
        (0.0..=f64::from(LEVEE_EAST)).contains(&u) && (0.0..=f64::from(LEVEE_NORTH)).contains(&v);
    inside && !between && !plan::on_hill(u, v)
}

/// The parts of a road where it may run.
fn passable(line: &Line) -> Vec<Line> {
    let mut parts = Vec::new();
    let mut start = None;
    let mut along = line.from;
    while along < line.to {
        let next = (along + STEP).min(line.to);
        let (u, v) = line.place(0.5 * f64::from(along + next));
        if may_run(u, v) {
            start.get_or_insert(along);
        } else if let Some(from) = start.take() {
            parts.push(Line {
                from,
                to: along,
                ..*line
            });
        }
        along = next;
    }
    parts.extend(start.map(|from| Line { from, ..*line }));
    parts.retain(|part| part.to - part.from >= SHORTEST);
    parts
}

/// Cuts between units that have no line yet, as tracks.
fn spare(partition: &Partition, roads: &[Line], canals: &[Line]) -> Vec<Line> {
    let used: BTreeSet<usize> = roads.iter().chain(canals).map(|l| l.cut).collect();
    let cuts = partition.cuts.iter().enumerate();
    cuts.filter(|(index, cut)| cut.level == Level::Unit && !used.contains(index))
        .map(|(index, cut)| {
            let ends = (cut.from, cut.to);
            road(
                RoadClass::Track,
                Course::Cut,
                index,
                cut.northward,
                cut.at,
                ends,
            )
        })
        .flat_map(|line| passable(&line))
        .filter_map(|line| trimmed(&line, canals))
        .collect()
}

fn class_of(line: &Line) -> RoadClass {
    match line.kind {
        LineKind::Road(class) => class,
        LineKind::Canal(_) => RoadClass::Track,
    }
}

/// Roads so far, and what may be added.
struct Net<'a> {
    roads: Vec<Line>,
    canals: &'a [Line],
    spare: Vec<Line>,
}

impl Net<'_> {
    /// Adds tracks and leads ends on until all roads are one part; what cannot be joined is given up.
    fn join_parts(&mut self) {
        while let Some((part, main)) = self.parts() {
            let apart = |i: &usize| part[*i] != main;
            let alone: Vec<usize> = (0..self.roads.len()).filter(apart).collect();
            let touching = |track: &Line| alone.iter().any(|&i| meet(track, &self.roads[i]));
            if let Some(at) = self.spare.iter().position(touching) {
                let track = self.spare.remove(at);
                self.roads.push(track);
                continue;
            }
            let links = alone.iter().flat_map(|&i| {
                let line = self.roads[i];
                [(line, true), (line, false)]
            });
            let links = links.filter_map(|(line, onwards)| self.link(&line, onwards, &part, main));
            match links.min_by_key(|link| (link.to - link.from, link.northward, link.at, link.from))
            {
                Some(link) => self.roads.push(link),
                None => {
                    let mut kept = part.iter().map(|p| *p == main);
                    self.roads.retain(|_| kept.next().unwrap_or(true));
                }
            }
        }
    }

    /// The part of each road and the largest part by length; `None` if there is one part only.
    fn parts(&self) -> Option<(Vec<usize>, usize)> {
        let n = self.roads.len();
        let mut part: Vec<usize> = vec![usize::MAX; n];
        let mut lengths: Vec<i32> = Vec::new();
        for start in 0..n {
            if part[start] != usize::MAX {
                continue;
            }
            let number = lengths.len();
            lengths.push(0);
            part[start] = number;
            let mut open = vec![start];
            while let Some(i) = open.pop() {
                lengths[number] += self.roads[i].to - self.roads[i].from;
                for j in 0..n {
                    if part[j] == usize::MAX && meet(&self.roads[i], &self.roads[j]) {
                        part[j] = number;
                        open.push(j);
                    }
                }
            }
        }
        let main = (0..lengths.len()).max_by_key(|&p| (lengths[p], usize::MAX - p))?;
        (lengths.len() > 1).then_some((part, main))
    }

    /// The straight way on from an end of a road to the first one of the main part.
    fn link(&self, line: &Line, onwards: bool, part: &[usize], main: usize) -> Option<Line> {
        let end = if onwards { line.to } else { line.from };
        let crossed = self.roads.iter().zip(part).filter(|(other, p)| {
            let ahead = if onwards {
                other.at > end
            } else {
                other.at < end
            };
            **p == main
                && other.northward != line.northward
                && ahead
                && (other.from..=other.to).contains(&line.at)
        });
        let goal = crossed
            .map(|(other, _)| other.at)
            .min_by_key(|at| (at - end).abs())?;
        let ends = (end.min(goal), end.max(goal));
        let link = road(
            RoadClass::Track,
            Course::Cut,
            line.cut,
            line.northward,
            line.at,
            ends,
        );
        let clear = passable(&link)
            .first()
            .is_some_and(|p| (p.from, p.to) == ends);
        (ends.1 - ends.0 <= LED_ON && clear && self.crossed_canals(&link) == 0).then_some(link)
    }

    fn crossed_canals(&self, line: &Line) -> usize {
        self.canals.iter().filter(|canal| meet(canal, line)).count()
    }

    /// Sees to it that a road runs along an edge of every unit that people use.
    fn serve_units(&mut self, partition: &Partition, uses: &[LandUse]) {
        for (unit, use_) in partition.units.iter().zip(uses) {
            if matches!(use_, LandUse::Water | LandUse::Hill)
                || self.roads.iter().any(|r| serves(r, &unit.block))
            {
                continue;
            }
            if let Some(at) = self
                .spare
                .iter()
                .position(|track| serves(track, &unit.block))
            {
                let track = self.spare.remove(at);
                self.roads.push(track);
            }
        }
    }
}

/// Whether a road runs along or through a unit for a while.
pub(crate) fn serves(road: &Line, block: &Block) -> bool {
    let (along, across) = if road.northward {
        ((block.south, block.north), (block.west, block.east))
    } else {
        ((block.west, block.east), (block.south, block.north))
    };
    let near = (across.0 - SERVES..=across.1 + SERVES).contains(&road.at);
    near && road.to.min(along.1) - road.from.max(along.0) >= SHORTEST
}

/// Whether two lines have a place in common.
pub(crate) fn meet(a: &Line, b: &Line) -> bool {
    if a.northward == b.northward {
        return a.at == b.at && a.from <= b.to && b.from <= a.to;
    }
    (b.from..=b.to).contains(&a.at) && (a.from..=a.to).contains(&b.at)
}

/// Places along a road where other roads meet it.
pub(crate) fn junctions(road: &Line, lines: &[Line]) -> Vec<i32> {
    let mut at: Vec<i32> = lines
        .iter()
        .filter(|other| half_width(other).is_none() && meet(road, other))
        .flat_map(|other| {
            if other.northward == road.northward {
                vec![other.from, other.to]
            } else {
                vec![other.at]
            }
        })
        .filter(|at| (road.from..=road.to).contains(at))
        .collect();
    at.sort_unstable();
    at.dedup();
    at
}

/// Stretches of a road above canals and the Lile river, along it and apart from each other.
///
/// A canal that ends at a road passes under it: there the road lies on a bridge too.
pub(crate) fn spans(road: &Line, lines: &[Line]) -> Vec<Span> {
    let mut spans: Vec<Span> = lines
        .iter()
        .filter(|canal| canal.northward != road.northward && meet(canal, road))
        .filter_map(|canal| {
            let half = half_width(canal)? + ABUTMENT;
            Some(Span {
                from: canal.at - half,
                to: canal.at + half,
            })
        })
        .collect();
    if road.course == Course::RiverBridge {
        spans.push(Span {
            from: road.from,
            to: road.to,
        });
    }
    for span in &mut spans {
        span.from = if span.from - road.from < APPROACH {
            road.from
        } else {
            span.from
        };
        span.to = if road.to - span.to < APPROACH {
            road.to
        } else {
            span.to
        };
    }
    spans.sort_unstable_by_key(|s| (s.from, s.to));
    let mut apart: Vec<Span> = Vec::new();
    for span in spans {
        match apart.last_mut() {
            Some(last) if span.from <= last.to + APPROACH => last.to = last.to.max(span.to),
            _ => apart.push(span),
        }
    }
    apart
}

#[cfg(test)]
mod tests {
    use super::*;

    fn road_at(northward: bool, at: i32, ends: (i32, i32)) -> Line {
        road(RoadClass::Track, Course::Cut, 0, northward, at, ends)
    }

    fn canal(northward: bool, at: i32, ends: (i32, i32)) -> Line {
        Line {
            kind: LineKind::Canal(24.0),
            ..road_at(northward, at, ends)
        }
    }

    #[test]
    fn a_road_that_ends_in_a_canal_ends_at_its_bank() {
        let canals = [canal(true, 1000, (0, 800))];
        let from_west = trimmed(&road_at(false, 400, (500, 1000)), &canals).unwrap();
        let bank = bank(&canals[0], Side::Low);
        assert_eq!((from_west.from, from_west.to), (500, bank.at));
        assert!(meet(&from_west, &bank));
        let beyond = road_at(false, 900, (500, 1000));
        assert_eq!(trimmed(&beyond, &canals), Some(beyond));
        assert_eq!(trimmed(&road_at(false, 400, (980, 1000)), &canals), None);
    }

    #[test]
    fn a_bridge_reaches_from_water_edge_to_water_edge_and_beyond() {
        let lines = [
            canal(true, 1000, (0, 800)),
            canal(true, 1500, (0, 400)),
            road_at(false, 400, (500, 1800)),
            road_at(false, 410, (500, 1800)),
        ];
        // 12 m to the edge and 4 m of abutment; the second canal ends at the first road, and not at the second.
        let first = Span {
            from: 984,
            to: 1016,
        };
        let second = Span {
            from: 1484,
            to: 1516,
        };
        assert_eq!(spans(&lines[2], &lines), [first, second]);
        assert_eq!(spans(&lines[3], &lines), [first]);
        // What is left of a short road is the bridge's own approach.
        let short = road_at(false, 200, (970, 1030));
        assert_eq!(
            spans(&short, &lines),
            [Span {
                from: 970,
                to: 1030
            }]
        );
    }

    #[test]
    fn bridges_over_a_canal_are_some_way_apart() {
        let water = canal(true, 1000, (0, 2000));
        let roads: Vec<Line> = (1..19)
            .map(|k| road_at(false, 100 * k, (500, 1000)))
            .collect();
        let bridges = canal_bridges(&water, &roads);
        assert_eq!(bridges.len(), 6);
        assert!(
            bridges
                .windows(2)
                .all(|w| (w[1].at - w[0].at).abs() >= BETWEEN_BRIDGES)
        );
        let alone = canal_bridges(&water, &[]);
        assert_eq!(alone.len(), 1);
        assert!(alone[0].from < 988 && alone[0].to > 1012);
    }
}
