import { describe, expect, it } from 'vitest';
import { pace } from '../../workflows/pace.js';

describe('pace', () => {
  it('knows nothing before two batches have ended', () => {
    const speed = pace();
    speed.add(1_000, 10, 5);
    expect(speed.rate()).toBeUndefined();
    expect(speed.secondsFor(10, 5)).toBeUndefined();
  });

  it('weighs what is left by its predicted time, not by its number', () => {
    const speed = pace();
    // 10 units, predicted to take 5 s, every 2 s: 5 units a second, and work passes 2.5 times as fast as predicted.
    for (const at of [0, 2_000, 4_000]) speed.add(at, 10, 5);
    expect(speed.rate()).toBe(5);
    expect(speed.secondsFor(10, 50)).toBe(20);
  });

  it('forgets what is older than two minutes', () => {
    const speed = pace();
    speed.add(0, 1000, 1);
    for (const at of [200_000, 201_000]) speed.add(at, 3, 1);
    expect(speed.rate()).toBe(3);
  });
});
