//! People to places: the least sum of ways, no place fuller than it is.
//!
//! A transport problem, solved exactly by successive shortest paths with potentials (Ahuja, Magnanti and Orlin
//! 1993, Network Flows, section 9.7). Groups may be divided between places.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Who is to be placed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// How many people.
    pub people: u64,
    /// What leaving one of them without a place costs; above all costs of places, so that as many
    /// as possible are placed.
    pub unplaced: i64,
    /// Places that can be reached, and what one person's way there costs, not negative.
    pub ways: Vec<(usize, i64)>,
}

/// How many of each group go to which place.
///
/// - `capacity`: of every place
///
/// The rows are those of the groups; in each, places ascend and counts are positive. Who is in no row has
/// no place. Equal sums are decided by the order of groups and places, so that the answer is always the same.
pub fn assign(groups: &[Group], capacity: &[u64]) -> Vec<Vec<(usize, u64)>> {
    let mut flow = Flow::new(groups, capacity);
    for group in 0..groups.len() {
        let mut left = groups[group].people;
        while left > 0 {
            let moved = flow.push(group, left);
            if moved == 0 {
                break;
            }
            left -= moved;
        }
    }
    flow.taken()
}

/// The residual network: groups, then places, then nowhere.
struct Flow<'a> {
    groups: &'a [Group],
    room: Vec<u64>,
    /// People of a group in each of its ways.
    taken: Vec<Vec<u64>>,
    /// Groups with a way to each place: group and position of the way.
    to_place: Vec<Vec<(usize, usize)>>,
    potential: Vec<i64>,
}

/// A step of a path in the residual network.
#[derive(Clone, Copy, Debug)]
enum Step {
    /// From a group along one of its ways.
    Out(usize, usize),
    /// From a place back to a group that has people there.
    Back(usize, usize),
    /// From a group to nowhere: there is room for all, so that no path leads on from there.
    Leave,
}

impl<'a> Flow<'a> {
    fn new(groups: &'a [Group], capacity: &[u64]) -> Self {
        let mut to_place = vec![Vec::new(); capacity.len()];
        for (g, group) in groups.iter().enumerate() {
            for (w, &(place, _)) in group.ways.iter().enumerate() {
                to_place[place].push((g, w));
            }
        }
        Self {
            groups,
            room: capacity.to_vec(),
            taken: groups.iter().map(|g| vec![0; g.ways.len()]).collect(),
            to_place,
            potential: vec![0; groups.len() + capacity.len() + 1],
        }
    }

    fn place(&self, place: usize) -> usize {
        self.groups.len() + place
    }

    fn outside(&self) -> usize {
        self.potential.len() - 1
    }

    /// Moves as many people of a group as the cheapest path takes, and returns how many.
    fn push(&mut self, from: usize, most: u64) -> u64 {
        let n = self.potential.len();
        let mut distance = vec![i64::MAX; n];
        let mut before: Vec<Option<(usize, Step)>> = vec![None; n];
        let mut settled = vec![false; n];
        let mut heap = BinaryHeap::from([Reverse((0, from))]);
        distance[from] = 0;
        let mut end = None;
        while let Some(Reverse((far, node))) = heap.pop() {
            if std::mem::replace(&mut settled[node], true) {
                continue;
            }
            let is_place = node >= self.groups.len() && node != self.outside();
            let has_room = is_place && self.room[node - self.groups.len()] > 0;
            if has_room || node == self.outside() {
                end = Some((node, far));
                break;
            }
            for (next, cost, step) in self.steps(node) {
                let reduced = cost + self.potential[node] - self.potential[next];
                let total = far + reduced.max(0);
                if total < distance[next] {
                    distance[next] = total;
                    before[next] = Some((node, step));
                    heap.push(Reverse((total, next)));
                }
            }
        }
        let Some((end, far)) = end else { return 0 };
        for node in 0..n {
            self.potential[node] += if settled[node] { distance[node] } else { far };
        }
        let mut path = Vec::new();
        let mut node = end;
        while let Some((earlier, step)) = before[node] {
            path.push(step);
            node = earlier;
        }
        let mut moved = most;
        if end != self.outside() {
            moved = moved.min(self.room[end - self.groups.len()]);
        }
        for step in &path {
            moved = match *step {
                Step::Back(g, w) => moved.min(self.taken[g][w]),
                Step::Out(..) | Step::Leave => moved,
            };
        }
        for step in path {
            match step {
                Step::Out(g, w) => self.taken[g][w] += moved,
                Step::Back(g, w) => self.taken[g][w] -= moved,
                Step::Leave => {}
            }
        }
        if end != self.outside() {
            self.room[end - self.groups.len()] -= moved;
        }
        moved
    }

    fn steps(&self, node: usize) -> Vec<(usize, i64, Step)> {
        if node < self.groups.len() {
            let group = &self.groups[node];
            let ways = group.ways.iter().enumerate();
            let mut steps: Vec<_> = ways
                .map(|(w, &(place, cost))| (self.place(place), cost, Step::Out(node, w)))
                .collect();
            steps.push((self.outside(), group.unplaced, Step::Leave));
            steps
        } else {
            let there = self.to_place[node - self.groups.len()].iter();
            there
                .filter(|&&(g, w)| self.taken[g][w] > 0)
                .map(|&(g, w)| (g, -self.groups[g].ways[w].1, Step::Back(g, w)))
                .collect()
        }
    }

    fn taken(&self) -> Vec<Vec<(usize, u64)>> {
        let of_group = |(group, taken): (&Group, &Vec<u64>)| {
            let mut row: Vec<(usize, u64)> = group
                .ways
                .iter()
                .zip(taken)
                .filter(|(_, people)| **people > 0)
                .map(|(&(place, _), &people)| (place, people))
                .collect();
            row.sort_unstable();
            row
        };
        self.groups.iter().zip(&self.taken).map(of_group).collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The least cost by trying every way to place every person.
    fn least(groups: &[Group], room: &mut Vec<u64>, at: usize, left: u64) -> i64 {
        let Some(group) = groups.get(at) else {
            return 0;
        };
        if left == 0 {
            let next = groups.get(at + 1).map_or(0, |g| g.people);
            return least(groups, room, at + 1, next);
        }
        let mut best = group.unplaced + least(groups, room, at, left - 1);
        for &(place, cost) in &group.ways {
            if room[place] > 0 {
                room[place] -= 1;
                best = best.min(cost + least(groups, room, at, left - 1));
                room[place] += 1;
            }
        }
        best
    }

    fn cost(groups: &[Group], rows: &[Vec<(usize, u64)>]) -> i64 {
        let of_row = |(group, row): (&Group, &Vec<(usize, u64)>)| {
            let placed: u64 = row.iter().map(|r| r.1).sum();
            let ways = |place: usize| group.ways.iter().find(|w| w.0 == place).map_or(0, |w| w.1);
            let gone = (group.people - placed) as i64 * group.unplaced;
            gone + row.iter().map(|&(p, n)| n as i64 * ways(p)).sum::<i64>()
        };
        groups.iter().zip(rows).map(of_row).sum()
    }

    fn group() -> impl Strategy<Value = Group> {
        let ways = proptest::collection::btree_map(0usize..3, 0i64..50, 0..=3);
        (0u64..4, ways, 0i64..30).prop_map(|(people, ways, urgency)| Group {
            people,
            unplaced: 1000 + urgency,
            ways: ways.into_iter().collect(),
        })
    }

    proptest! {
        #[test]
        fn no_assignment_is_cheaper_and_no_place_is_overfull(
            groups in proptest::collection::vec(group(), 1..4),
            capacity in proptest::collection::vec(0u64..5, 3),
        ) {
            let rows = assign(&groups, &capacity);
            let mut used = vec![0; capacity.len()];
            for (group, row) in groups.iter().zip(&rows) {
                prop_assert!(row.iter().map(|r| r.1).sum::<u64>() <= group.people);
                for &(place, people) in row {
                    used[place] += people;
                    prop_assert!(people > 0 && group.ways.iter().any(|w| w.0 == place));
                }
            }
            for (used, capacity) in used.iter().zip(&capacity) {
                prop_assert!(used <= capacity);
            }
            let best = least(&groups, &mut capacity.clone(), 0, groups[0].people);
            prop_assert_eq!(cost(&groups, &rows), best);
            prop_assert_eq!(rows, assign(&groups, &capacity));
        }
    }

    #[test]
    fn who_came_first_makes_room_for_who_has_no_other_place() {
        let group = |ways: &[(usize, i64)]| Group {
            people: 10,
            unplaced: 10_000,
            ways: ways.to_vec(),
        };
        let rows = assign(&[group(&[(0, 1), (1, 5)]), group(&[(0, 2)])], &[10, 10]);
        assert_eq!(rows, vec![vec![(1, 10)], vec![(0, 10)]]);
    }
}
