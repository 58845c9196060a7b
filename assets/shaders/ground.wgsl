// The ground: Lambert, colour by height and slope, tint of the exposure.
#import bevy_pbr::mesh_view_bindings::view
#import stormgrid::common::{linear, haze_colour, haze, light}

@group(#{MATERIAL_BIND_GROUP}) @binding(0) var<uniform> place: vec4<f32>;
@group(#{MATERIAL_BIND_GROUP}) @binding(1) var tint: texture_2d<f32>;
@group(#{MATERIAL_BIND_GROUP}) @binding(2) var tint_sampler: sampler;

struct Vertex {
    @location(0) position: vec3<f32>,
    @location(1) normal: vec4<f32>,
}

struct Varyings {
    @builtin(position) clip: vec4<f32>,
    @location(0) colour: vec3<f32>,
    @location(1) light_haze: vec2<f32>,
    @location(2) uv: vec2<f32>,
}

// Bed of the river, polder, foothill, hill: subdued, so that data stands out.
fn ground_colour(height: f32, steepness: f32) -> vec3<f32> {
    let bed = linear(vec3<f32>(0.66, 0.68, 0.64));
    let polder = linear(vec3<f32>(0.796, 0.820, 0.749));
    let foot = linear(vec3<f32>(0.722, 0.765, 0.663));
    let hill = linear(vec3<f32>(0.580, 0.659, 0.541));
    var colour = mix(bed, polder, smoothstep(-2.5, 0.2, height));
    colour = mix(colour, foot, smoothstep(4.0, 18.0, height));
    colour = mix(colour, hill, smoothstep(20.0, 90.0, height));
    return mix(colour, linear(vec3<f32>(0.69, 0.67, 0.60)), 0.5 * smoothstep(0.25, 0.8, steepness));
}

@vertex
fn vertex(in: Vertex) -> Varyings {
    var out: Varyings;
    out.clip = view.clip_from_world * vec4<f32>(in.position, 1.0);
    let normal = normalize(in.normal.xyz);
    // Relief stronger as it is, else a delta is flat in every light.
    let relief = normalize(vec3<f32>(normal.x * 2.5, normal.y, normal.z * 2.5));
    out.colour = ground_colour(in.position.y, 1.0 - normal.y);
    out.light_haze = vec2<f32>(light(relief), haze(in.position));
    out.uv = vec2<f32>(in.position.x - place.x, in.position.z - place.y) * place.z;
    return out;
}

@fragment
fn fragment(in: Varyings) -> @location(0) vec4<f32> {
    var colour = in.colour;
    if (place.w > 0.0) {
        let over = textureSampleLevel(tint, tint_sampler, in.uv, 0.0);
        colour = mix(colour, over.rgb, over.a);
    }
    return vec4<f32>(mix(colour * in.light_haze.x, haze_colour(), in.light_haze.y), 1.0);
}
