import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { bundleWorkflows } from './world.js';

describe('workflow code', () => {
  it('bundles, stays small, and reaches no module of Node', async () => {
    const { code } = await bundleWorkflows();
    expect(code).not.toMatch(/require\(["']node:/);
    expect(code).not.toMatch(/__temporal_disallowed|webpackMissingModule/);
    // The SDK's own part is 1.6 MB; a schema library or an activity that slips in adds as much again.
    expect(code.length).toBeLessThan(2.5e6);
  });

  it('has no second protobufjs, which would break recorded histories', () => {
    const tree = execFileSync('npm', ['ls', 'protobufjs', '--json', '--all'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const found: string[] = [];
    const walk = (node: Node, owner: string): void => {
      for (const [name, child] of Object.entries(node.dependencies ?? {})) {
        if (name === 'protobufjs' && owner.startsWith('@temporalio/')) found.push(child.version ?? '');
        walk(child, name);
      }
    };
    walk(JSON.parse(tree) as Node, 'percuss');
    expect(new Set(found).size).toBe(1);
    expect(found[0]).toMatch(/^8\./);
  });
});

interface Node {
  readonly version?: string;
  readonly dependencies?: Readonly<Record<string, Node>>;
}
