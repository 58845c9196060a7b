// Lines on the ground, widened on the screen.
#import bevy_pbr::mesh_view_bindings::view
#import stormgrid::common::clip_nearer

struct Ribbon {
    colour: vec4<f32>,
    // Least width [px], width on the ground [m], height above the ground [m], share drawn nearer.
    width: vec4<f32>,
}

@group(#{MATERIAL_BIND_GROUP}) @binding(0) var<uniform> ribbon: Ribbon;

struct Vertex {
    @location(0) position: vec3<f32>,
    // The other end of the piece and the side.
    @location(1) end: vec4<f32>,
}

struct Varyings {
    @builtin(position) clip: vec4<f32>,
}

@vertex
fn vertex(in: Vertex) -> Varyings {
    var out: Varyings;
    let lift = vec3<f32>(0.0, ribbon.width.z, 0.0);
    var here = clip_nearer(in.position + lift, ribbon.width.w);
    let there = view.clip_from_world * vec4<f32>(in.end.xyz + lift, 1.0);
    let size = view.viewport.zw;
    // Behind the camera a point has no place on the screen: the piece is moved before the near plane.
    let near = 0.01;
    let a = here.xy / max(here.w, near) * size;
    let b = there.xy / max(there.w, near) * size;
    var along = b - a;
    let length = max(length(along), 1e-4);
    along = along / length;
    // view.clip_from_view[1][1] is the cotangent of half the field of view.
    let px_per_m = 0.5 * size.y * view.clip_from_view[1][1] / max(here.w, near);
    let half = 0.5 * max(ribbon.width.x, ribbon.width.y * px_per_m);
    let across = vec2<f32>(-along.y, along.x) * in.end.w * half;
    // A little longer than the piece, so that corners have no notch.
    let offset = (across - along * min(half, 1.5)) * 2.0 / size;
    here = vec4<f32>(here.xy + offset * here.w, here.zw);
    out.clip = here;
    return out;
}

@fragment
fn fragment(in: Varyings) -> @location(0) vec4<f32> {
    return ribbon.colour;
}
