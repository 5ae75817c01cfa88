import { expect, test } from 'vitest';
import { describeRemoval } from './plan.ts';

const installed = {
  dataFolder: '/d',
  dataExists: true,
  programs: [{ name: 'supervisor', pid: 7 }],
  containers: [{ id: 'abcdef0123456789', name: 'welcome-0' }],
  images: [],
};

test('keeps the data unless it is purged, and says both', () => {
  expect(describeRemoval(installed, false).removes).toEqual(['program    supervisor (pid 7)', 'container  welcome-0 (abcdef012345)']);
  expect(describeRemoval(installed, false).keeps[0]).toContain('/d');
  expect(describeRemoval(installed, true).removes.at(-1)).toContain('/d');
});

test('has nothing to remove where nothing is', () => {
  expect(describeRemoval({ ...installed, dataExists: false, programs: [], containers: [] }, true).removes).toEqual([]);
});
