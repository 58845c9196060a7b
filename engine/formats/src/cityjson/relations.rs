//! Who belongs to whom: parents and children as objects name them.

use std::collections::HashMap;

use stormgrid_core::finding::{Finding, Kind};
use stormgrid_core::message;
use stormgrid_core::message::Message;

use super::{CityModel, Named};

/// The parts of every object: those that name it as their parent, and those that it names as its children where
/// these name no parent. A building stands for itself even where a file names another as its parent.
pub(super) struct Relations {
    /// Parts of each object, in the order of the model.
    pub(super) parts: Vec<Vec<usize>>,
}

impl Relations {
    pub(super) fn of(model: &CityModel) -> Self {
        let index = index(model);
        let mut parts = vec![Vec::new(); model.objects.len()];
        for (k, object) in model.objects.iter().enumerate() {
            if object.kind == "Building" {
                continue;
            }
            for &parent in object.parents.iter().filter_map(|p| index.get(p.as_str())) {
                parts[parent].push(k);
            }
        }
        for (k, object) in model.objects.iter().enumerate() {
            let children = object.children.iter().filter_map(|c| index.get(c.as_str()));
            for &child in children {
                let other = &model.objects[child];
                if other.kind != "Building" && other.parents.is_empty() {
                    parts[k].push(child);
                }
            }
        }
        Self { parts }
    }
}

fn index(model: &CityModel) -> HashMap<&str, usize> {
    let ids = model.objects.iter().map(|o| o.id.as_str());
    ids.enumerate().map(|(k, id)| (id, k)).collect()
}

/// References that lead nowhere, parts that are named from one side, and objects that are their own ancestors.
pub(super) fn findings(model: &CityModel, file: &str) -> Vec<Finding> {
    let index = index(model);
    let (mut nowhere, mut one_sided) = (Named::default(), Named::default());
    for object in &model.objects {
        let all = || object.parents.iter().chain(&object.children);
        if all().any(|id| !index.contains_key(id.as_str())) {
            nowhere.add(&object.id);
        }
        let children = object.children.iter().filter_map(|c| index.get(c.as_str()));
        for &child in children {
            if model.objects[child].parents.is_empty() {
                one_sided.add(&model.objects[child].id);
            }
        }
    }
    let cycle = cycles(model, &index);
    let note = |named: Named, text: fn(usize, Message) -> Message| {
        let count = named.count;
        (count > 0).then(|| Finding::new(Kind::Note, file, text(count, named.list())).times(count))
    };
    [
        note(nowhere, |n, ids| {
            message!(
                "finding.city.nowhere",
                "{n} objects name a parent or a child that is not in the file ({ids})",
                n = n,
                ids = ids
            )
        }),
        note(one_sided, |n, ids| {
            message!(
                "finding.city.one_sided",
                "{n} objects name no parent and were taken to the one that names them as its child ({ids})",
                n = n,
                ids = ids
            )
        }),
        note(cycle, |n, ids| {
            message!(
                "finding.city.cycle",
                "{n} objects are their own ancestors ({ids})",
                n = n,
                ids = ids
            )
        }),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Objects on a cycle of parents, or between two: what is left when all without a parent, and all without a child,
/// are taken away again and again.
fn cycles(model: &CityModel, index: &HashMap<&str, usize>) -> Named {
    let n = model.objects.len();
    let mut up: Vec<Vec<usize>> = vec![Vec::new(); n];
    let mut down: Vec<Vec<usize>> = vec![Vec::new(); n];
    for (k, object) in model.objects.iter().enumerate() {
        for &parent in object.parents.iter().filter_map(|p| index.get(p.as_str())) {
            up[k].push(parent);
            down[parent].push(k);
        }
    }
    let mut gone = vec![false; n];
    for (ahead, behind) in [(&up, &down), (&down, &up)] {
        let mut degree: Vec<usize> = (0..n)
            .map(|k| ahead[k].iter().filter(|other| !gone[**other]).count())
            .collect();
        let mut ready: Vec<usize> = (0..n).filter(|k| !gone[*k] && degree[*k] == 0).collect();
        while let Some(k) = ready.pop() {
            gone[k] = true;
            for &other in behind[k].iter().filter(|other| !gone[**other]) {
                degree[other] -= 1;
                if degree[other] == 0 {
                    ready.push(other);
                }
            }
        }
    }
    let mut named = Named::default();
    let left = model.objects.iter().zip(gone).filter(|(_, gone)| !gone);
    left.for_each(|(object, _)| named.add(&object.id));
    named
}
