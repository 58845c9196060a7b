//! From local metres to the renderer's axes and back: the only place that knows them.
//!
//! Local: x east, y north, z up. Renderer: x east, y up, z south.

/// A position or direction in the renderer's axes.
pub fn render_from_local(p: [f32; 3]) -> [f32; 3] {
    [p[0], p[2], -p[1]]
}

/// A unit normal in the renderer's axes, in 127ths, padded to four bytes.
pub fn packed_normal_from_local(n: [f32; 3]) -> [i8; 4] {
    let [x, y, z] = render_from_local(n).map(|v| (v * 127.0).round().clamp(-127.0, 127.0) as i8);
    [x, y, z, 0]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn handedness_is_kept() {
        let [e, n, u] = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]].map(render_from_local);
        let cross = [
            e[1] * n[2] - e[2] * n[1],
            e[2] * n[0] - e[0] * n[2],
            e[0] * n[1] - e[1] * n[0],
        ];
        assert_eq!(cross, u);
        assert_eq!(packed_normal_from_local([0.0, 0.0, 1.0]), [0, 127, 0, 0]);
    }
}
