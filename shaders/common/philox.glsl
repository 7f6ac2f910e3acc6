// Philox4x32-10 (Salmon et al. 2011, section 3.3), as core/philox.h has it: four random words for a
// counter of 128 bits under a key of 64.
uvec4 philox(uvec4 counter, uvec2 key) {
  for (uint round_ = 0; round_ < 10; ++round_) {
    uint low_high;
    uint low_low;
    uint high_high;
    uint high_low;
    umulExtended(0xD2511F53u, counter.x, low_high, low_low);
    umulExtended(0xCD9E8D57u, counter.z, high_high, high_low);
    counter = uvec4(high_high ^ counter.y ^ key.x, high_low, low_high ^ counter.w ^ key.y, low_low);
    key += uvec2(0x9E3779B9u, 0xBB67AE85u);
  }
  return counter;
}
