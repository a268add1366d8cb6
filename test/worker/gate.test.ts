import assert from 'node:assert/strict';
import { test } from 'vitest';
import { createGate } from '../../worker/gate.ts';

test('no organisation takes all places of a process', () => {
  const gate = createGate(10);
  const places = Array.from({ length: 10 }, () => gate.enter('org:a'));
  assert.equal(places.filter((place) => place !== null).length, 8);
  assert.deepEqual(gate.forbiddenFlags(), ['org:a']);
  assert.notEqual(gate.enter('org:b'), null);
  places[0]?.[Symbol.dispose]();
  assert.equal(gate.forbiddenFlags(), null);
});

test('a process with a single place gives it to anybody', () => {
  const gate = createGate(1);
  const place = gate.enter('org:a');
  assert.notEqual(place, null);
  assert.equal(gate.enter('org:a'), null);
  assert.notEqual(gate.enter('org:b'), null);
});

test("an organisation's own limit holds where it is lower", () => {
  const gate = createGate(10);
  gate.limit('org:a', 2);
  const places = [gate.enter('org:a'), gate.enter('org:a'), gate.enter('org:a')];
  assert.deepEqual(
    places.map((place) => place !== null),
    [true, true, false],
  );
});

test('a paused organisation is left alone until its pause is over', () => {
  let now = 0;
  const gate = createGate(10, () => now);
  gate.pause('org:a', 250);
  gate.pause('org:a', 100);
  assert.deepEqual(gate.forbiddenFlags(), ['org:a']);
  now = 249;
  assert.deepEqual(gate.forbiddenFlags(), ['org:a']);
  now = 250;
  assert.equal(gate.forbiddenFlags(), null);
});

test('open breakers forbid until the database says otherwise', () => {
  const gate = createGate(10);
  gate.close(['org:a', 'org:b']);
  gate.pause('org:b', 1_000);
  assert.deepEqual(gate.forbiddenFlags(), ['org:a', 'org:b']);
  gate.close([]);
  assert.deepEqual(gate.forbiddenFlags(), ['org:b']);
});

test('a probe, whose job names no organisation, always gets in', () => {
  const gate = createGate(1);
  assert.notEqual(gate.enter(null), null);
  assert.notEqual(gate.enter(null), null);
  gate.pause(null, 1_000);
  gate.limit(null, 1);
  assert.equal(gate.forbiddenFlags(), null);
});
