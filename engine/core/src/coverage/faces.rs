//! The pieces of ground between settled edges, and how many polygons hold each.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use super::lattice::{Edge, Point, cross, doubled_area, vertices_of};

/// A piece of ground that edges enclose.
#[derive(Debug)]
pub(super) struct Face {
    /// How many polygons hold it.
    pub(super) winding: i32,
    /// Its outline, then the outlines of what it surrounds, without closing vertices.
    pub(super) rings: Vec<Vec<Point>>,
}

impl Face {
    /// Twice its area, in squares of lattice steps.
    pub(super) fn doubled_area(&self) -> i128 {
        let area = |ring: &Vec<Point>| doubled_area(ring.iter().copied());
        self.rings.iter().map(area).sum()
    }
}

/// The faces that are wanted, and one vertex of each piece of the layer that touches no other.
#[derive(Debug, Default)]
pub(super) struct Faces {
    pub(super) faces: Vec<Face>,
    pub(super) pieces: Vec<Point>,
}

/// Half-edges: 2i runs along edge i, 2i + 1 against it. A face lies on the left of its half-edges.
struct Graph<'a> {
    edges: &'a [Edge],
    vertices: Vec<Point>,
    /// The vertex where each half-edge begins.
    origins: Vec<u32>,
    /// Half-edges by origin, counter-clockwise about it; where those of a vertex end.
    around: Vec<u32>,
    around_ends: Vec<u32>,
    position: Vec<u32>,
    cycle_of: Vec<u32>,
    cycles: Vec<Cycle>,
}

struct Cycle {
    /// A half-edge of it.
    start: u32,
    doubled_area: i128,
    component: u32,
    /// Winding of the face, counted from that around the component.
    relative: i32,
}

struct Component {
    /// The cycle that runs around it.
    rim: u32,
    /// Its lexicographically smallest vertex.
    lowest: u32,
    /// Winding of the ground around it.
    around: i32,
    /// The cycle of the face around it, `None` outside of everything.
    within: Option<u32>,
}

/// Traces the faces whose winding is `wanted`. The edges must be settled and balanced: as many enter a vertex as leave
/// it, by weight.
pub(super) fn faces(edges: &[Edge], wanted: impl Fn(i32) -> bool) -> Faces {
    let mut graph = Graph::new(edges);
    let mut components = graph.components();
    if components.len() > 1 {
        graph.place(&mut components);
    }
    let mut inside: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    for component in &components {
        if let Some(cycle) = component.within {
            inside.entry(cycle).or_default().push(component.rim);
        }
    }
    let mut found = Faces::default();
    for (k, cycle) in graph.cycles.iter().enumerate() {
        let component = &components[cycle.component as usize];
        let winding = component.around + cycle.relative;
        if component.rim == k as u32 || !wanted(winding) {
            continue;
        }
        let holes = inside.get(&(k as u32)).into_iter().flatten();
        let rings = std::iter::once(k as u32).chain(holes.copied());
        found.faces.push(Face {
            winding,
            rings: rings.map(|ring| graph.ring(ring)).collect(),
        });
    }
    let alone = components.iter().filter(|c| c.around == 0);
    found
        .pieces
        .extend(alone.map(|c| graph.vertices[c.lowest as usize]));
    found
}

impl<'a> Graph<'a> {
    fn new(edges: &'a [Edge]) -> Self {
        let vertices = vertices_of(edges);
        let id = |p: Point| vertices.partition_point(|v| *v < p) as u32;
        let origins: Vec<u32> = edges.iter().flat_map(|e| [id(e.from), id(e.to)]).collect();
        let mut around_ends = vec![0_u32; vertices.len()];
        for origin in &origins {
            around_ends[*origin as usize] += 1;
        }
        let mut sum = 0;
        for end in &mut around_ends {
            sum += *end;
            *end = sum;
        }
        let mut around = vec![0_u32; origins.len()];
        let mut next = around_ends.clone();
        for (half, origin) in origins.iter().enumerate().rev() {
            let at = &mut next[*origin as usize];
            *at -= 1;
            around[*at as usize] = half as u32;
        }
        let mut start = 0;
        for (vertex, end) in around_ends.iter().enumerate() {
            let heads = &mut around[start..*end as usize];
            heads.sort_unstable_by(|a, b| {
                by_angle(vertices[vertex], head(edges, *a), head(edges, *b))
            });
            start = *end as usize;
        }
        let mut position = vec![0_u32; around.len()];
        for (at, half) in around.iter().enumerate() {
            position[*half as usize] = at as u32;
        }
        let mut graph = Self {
            edges,
            vertices,
            origins,
            around,
            around_ends,
            position,
            cycle_of: Vec::new(),
            cycles: Vec::new(),
        };
        graph.trace();
        graph
    }

    /// The half-edge after another along its face: the next clockwise from where it came.
    fn next(&self, half: u32) -> u32 {
        let back = self.position[(half ^ 1) as usize];
        let vertex = self.origins[(half ^ 1) as usize] as usize;
        let start = match vertex {
            0 => 0,
            _ => self.around_ends[vertex - 1],
        };
        let before = match back == start {
            true => self.around_ends[vertex] - 1,
            false => back - 1,
        };
        self.around[before as usize]
    }

    fn origin(&self, half: u32) -> Point {
        head(self.edges, half ^ 1)
    }

    fn halves(&self, start: u32) -> impl Iterator<Item = u32> {
        let mut at = Some(start);
        std::iter::from_fn(move || {
            let half = at?;
            at = Some(self.next(half)).filter(|next| *next != start);
            Some(half)
        })
    }

    fn ring(&self, cycle: u32) -> Vec<Point> {
        let start = self.cycles[cycle as usize].start;
        self.halves(start).map(|half| self.origin(half)).collect()
    }

    fn trace(&mut self) {
        const NONE: u32 = u32::MAX;
        let mut cycle_of = vec![NONE; self.around.len()];
        for start in 0..self.around.len() as u32 {
            if cycle_of[start as usize] != NONE {
                continue;
            }
            let cycle = self.cycles.len() as u32;
            for half in self.halves(start) {
                cycle_of[half as usize] = cycle;
            }
            let doubled_area = doubled_area(self.halves(start).map(|half| self.origin(half)));
            self.cycles.push(Cycle {
                start,
                doubled_area,
                component: NONE,
                relative: 0,
            });
        }
        self.cycle_of = cycle_of;
    }

    /// Parts of the graph that hang together, with the windings of their faces.
    fn components(&mut self) -> Vec<Component> {
        let mut components = Vec::new();
        for first in 0..self.cycles.len() as u32 {
            if self.cycles[first as usize].component != u32::MAX {
                continue;
            }
            let component = components.len() as u32;
            let members = self.wind(first, component);
            let area = |cycle: &&u32| self.cycles[**cycle as usize].doubled_area;
            let rim = members.iter().min_by_key(area).copied().unwrap_or(first);
            let base = self.cycles[rim as usize].relative;
            for member in members {
                self.cycles[member as usize].relative -= base;
            }
            let start = self.cycles[rim as usize].start;
            let lowest = self.halves(start).map(|half| self.origin(half)).min();
            let lowest = lowest.map_or(0, |p| self.vertices.partition_point(|v| *v < p));
            components.push(Component {
                rim,
                lowest: lowest as u32,
                around: 0,
                within: None,
            });
        }
        components
    }

    /// Counts windings from a first cycle to all that can be reached over edges; returns these.
    fn wind(&mut self, first: u32, component: u32) -> Vec<u32> {
        let mut members = vec![first];
        self.cycles[first as usize].component = component;
        let mut done = 0;
        while let Some(&cycle) = members.get(done) {
            done += 1;
            let here = self.cycles[cycle as usize].relative;
            let halves: Vec<u32> = self.halves(self.cycles[cycle as usize].start).collect();
            for half in halves {
                let weight = self.edges[(half >> 1) as usize].weight;
                let other = self.cycle_of[(half ^ 1) as usize];
                let beyond = &mut self.cycles[other as usize];
                if beyond.component == u32::MAX {
                    beyond.component = component;
                    beyond.relative = match half & 1 {
                        0 => here - weight,
                        _ => here + weight,
                    };
                    members.push(other);
                }
            }
        }
        members
    }

    /// Finds the face around each component: a line sweeps eastwards and knows the edges that it crosses from south to
    /// north; the face is that above the edge directly south of the component's westernmost vertex.
    fn place(&self, components: &mut [Component]) {
        let mut by_lowest: Vec<u32> = (0..components.len() as u32).collect();
        by_lowest.sort_unstable_by_key(|c| components[*c as usize].lowest);
        let mut lowest = by_lowest.into_iter().peekable();
        let mut line: Vec<u32> = Vec::new();
        let is_below = |edge: u32, p: Point| {
            let e = &self.edges[edge as usize];
            cross(e.from, e.to, p) > 0
        };
        let mut start = 0;
        while start < self.vertices.len() {
            let x = self.vertices[start][0];
            let end = start + self.vertices[start..].partition_point(|v| v[0] == x);
            for vertex in start..end {
                for half in self.leaving(vertex).filter(|half| half & 1 == 1) {
                    self.remove(&mut line, half >> 1);
                }
            }
            for vertex in start..end {
                for half in self.leaving(vertex).filter(|half| half & 1 == 0) {
                    self.insert(&mut line, half >> 1);
                }
            }
            while let Some(c) = lowest.next_if(|c| (components[*c as usize].lowest as usize) < end)
            {
                let p = self.vertices[components[c as usize].lowest as usize];
                let below = line.partition_point(|edge| is_below(*edge, p));
                let Some(edge) = below.checked_sub(1).map(|k| line[k]) else {
                    continue;
                };
                let cycle = self.cycle_of[2 * edge as usize];
                let holder = &components[self.cycles[cycle as usize].component as usize];
                let (around, within) = match holder.rim == cycle {
                    true => (holder.around, holder.within),
                    false => {
                        let relative = self.cycles[cycle as usize].relative;
                        (holder.around + relative, Some(cycle))
                    }
                };
                let component = &mut components[c as usize];
                (component.around, component.within) = (around, within);
            }
            start = end;
        }
    }

    fn leaving(&self, vertex: usize) -> impl Iterator<Item = u32> {
        let start = match vertex {
            0 => 0,
            _ => self.around_ends[vertex - 1],
        };
        let halves = &self.around[start as usize..self.around_ends[vertex] as usize];
        halves.iter().copied()
    }

    fn insert(&self, line: &mut Vec<u32>, edge: u32) {
        let e = &self.edges[edge as usize];
        if e.from[0] == e.to[0] {
            return;
        }
        let at = line.partition_point(|other| {
            let o = &self.edges[*other as usize];
            match cross(o.from, o.to, e.from).cmp(&0) {
                Ordering::Greater => true,
                Ordering::Less => false,
                Ordering::Equal => cross(o.from, o.to, e.to) > 0,
            }
        });
        line.insert(at, edge);
    }

    fn remove(&self, line: &mut Vec<u32>, edge: u32) {
        let e = &self.edges[edge as usize];
        if e.from[0] == e.to[0] {
            return;
        }
        let first = line.partition_point(|other| {
            let o = &self.edges[*other as usize];
            cross(o.from, o.to, e.to) > 0
        });
        let ahead = line[first..]
            .iter()
            .take(16)
            .position(|other| *other == edge);
        let found = ahead.map(|k| first + k);
        let found = found.or_else(|| line.iter().position(|other| *other == edge));
        if let Some(at) = found {
            line.remove(at);
        }
    }
}

fn head(edges: &[Edge], half: u32) -> Point {
    let edge = &edges[(half >> 1) as usize];
    match half & 1 {
        0 => edge.to,
        _ => edge.from,
    }
}

/// The order of directions counter-clockwise from the east.
fn by_angle(origin: Point, a: Point, b: Point) -> Ordering {
    let lower = |p: Point| (p[1], p[0]) < (origin[1], origin[0]);
    let (p, q) = (lower(a), lower(b));
    p.cmp(&q).then_with(|| 0.cmp(&cross(origin, a, b)))
}
