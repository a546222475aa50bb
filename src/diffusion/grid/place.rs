//! From points to nodes: shifted, on the schedule, falling.

use crate::diffusion::{Node, Schedule};

/// What a grid's rule gives, from noise to data.
pub(super) enum Points {
    Times(Vec<f64>),
    Levels(Vec<f64>),
}

/// The nodes of points, shifted, not yet in order.
pub(super) fn place(schedule: &Schedule, points: Points, shift: Option<f64>) -> Vec<Node> {
    let shift = shift.unwrap_or(1.0);
    let level = |s: f64| of_level(schedule, shift * s);
    match points {
        Points::Levels(levels) => levels.into_iter().map(level).collect(),
        Points::Times(times) => {
            let nodes = times.into_iter().map(|time| schedule.at(time));
            // A time that is not shifted does not go through its noise level and back.
            match shift {
                1.0 => nodes.collect(),
                _ => nodes.map(|node| level(node.noise_level())).collect(),
            }
        }
    }
}

/// The nodes below all before them.
pub(super) fn falling(nodes: Vec<Node>) -> Vec<Node> {
    let mut kept = Vec::with_capacity(nodes.len() + 1);
    for node in nodes {
        push_lower(&mut kept, node);
    }
    kept
}

/// Appends a node below the last.
pub(super) fn push_lower(nodes: &mut Vec<Node>, node: Node) {
    let last = nodes.last().map(Node::noise_level);
    if last.is_none_or(|last| node.noise_level() < last) {
        nodes.push(node);
    }
}

/// The nodes strictly between the schedule's ends, with these.
pub(super) fn between_ends(schedule: &Schedule, mut nodes: Vec<Node>) -> Vec<Node> {
    let (least, most) = schedule.times();
    let (first, last) = (schedule.at(most), schedule.at(least));
    let steps = nodes.len() - 1;
    nodes[0] = first;
    nodes.truncate(steps);
    let lowest = last.noise_level();
    nodes.retain(|node| node.noise_level() > lowest);
    let mut nodes = falling(nodes);
    nodes.push(last);
    nodes
}

/// The node of a noise level, through its time.
pub fn of_level(schedule: &Schedule, noise_level: f64) -> Node {
    schedule.at(schedule.time_of(noise_level))
}
