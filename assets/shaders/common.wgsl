// Light, haze and colour shared by the shaders of the scene.
#define_import_path stormgrid::common

#import bevy_pbr::mesh_view_bindings::view

// Towards the sun: from the west-south-west, high. Axes: x east, y up, z south.
const SUN: vec3<f32> = vec3<f32>(-0.62, 0.68, 0.38);
// Distance at which the haze takes 63 % [m].
const HAZE_LENGTH: f32 = 60000.0;

// sRGB to linear light, good to 1 % (a polynomial is cheaper than a power on a software rasteriser).
fn linear(c: vec3<f32>) -> vec3<f32> {
    return c * (c * (c * 0.305306011 + 0.682171111) + 0.012522878);
}

fn haze_colour() -> vec3<f32> {
    return linear(vec3<f32>(0.871, 0.898, 0.914));
}

// Share of haze before a point.
fn haze(position: vec3<f32>) -> f32 {
    let way = distance(position, view.world_position);
    return 1.0 - exp(-way / HAZE_LENGTH);
}

// Lambert wrapped around the edges, so that faces away from the sun differ too; 1 on level ground.
fn light(normal: vec3<f32>) -> f32 {
    return 0.40 + 0.714 * (0.5 + 0.5 * dot(normal, SUN));
}

// On the screen, drawn nearer by a share of its distance without moving: depth is near / distance.
fn clip_nearer(position: vec3<f32>, share: f32) -> vec4<f32> {
    var clip = view.clip_from_world * vec4<f32>(position, 1.0);
    clip.z = min(clip.z * (1.0 + share), clip.w);
    return clip;
}
