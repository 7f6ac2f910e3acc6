// What the tiled matrix products are told: count of tiles, then the sizes; part_k is a multiple of
// tile_k and k of one part. Where there are several parts, y is [parts, batch, m, n].
layout(push_constant) uniform Push {
  uint tiles;
  uint batch;
  uint m;
  uint n;
  uint k;
  uint part_k;
  uint parts;
};
