// Buildings: Lambert with the vertex's colour, a little darker towards the ground.
#import bevy_pbr::mesh_view_bindings::view
#import stormgrid::common::{linear, haze_colour, haze, light}

struct Vertex {
    @location(0) position: vec3<f32>,
    @location(1) normal: vec4<f32>,
    // sRGB, and the height above the building's foot in tenths of a metre / 255.
    @location(2) colour: vec4<f32>,
}

struct Varyings {
    @builtin(position) clip: vec4<f32>,
    @location(0) colour: vec3<f32>,
}

@vertex
fn vertex(in: Vertex) -> Varyings {
    var out: Varyings;
    out.clip = view.clip_from_world * vec4<f32>(in.position, 1.0);
    let foot = 0.72 + 0.28 * min(in.colour.a * 2.0, 1.0);
    let lit = linear(in.colour.rgb) * light(normalize(in.normal.xyz)) * foot;
    out.colour = mix(lit, haze_colour(), haze(in.position));
    return out;
}

@fragment
fn fragment(in: Varyings) -> @location(0) vec4<f32> {
    return vec4<f32>(in.colour, 1.0);
}
