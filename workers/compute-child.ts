import type { ChildMessage, HandlerModule, TaskMessage } from './messages.js';
import { toPlain } from './messages.js';

/**
 * A process that computes: takes one task after another from its parent and reports results. It ends when its parent
 * does, and by SIGKILL when its parent wants a task to stop.
 */
async function serve(moduleUrl: string): Promise<void> {
  const { createHandler } = (await import(moduleUrl)) as HandlerModule;
  const handler = await createHandler();
  process.on('message', (message) => {
    const { id, task } = message as TaskMessage;
    let last = 0;
    const onUnits = (done: number): void => {
      // Units may be done faster than a pipe takes messages.
      if (Date.now() - last < 200) return;
      last = Date.now();
      tell({ kind: 'units', id, done });
    };
    handler.run(task, { onUnits }).then(
      (result) => tell({ kind: 'result', id, result }),
      (error: unknown) => tell({ kind: 'error', id, error: toPlain(error) }),
    );
  });
  tell({ kind: 'ready' });
}

function tell(message: ChildMessage): void {
  // The parent may be gone; `disconnect` then ends us.
  process.send?.(message, undefined, {}, () => undefined);
}

// Ctrl-C reaches the whole process group; the parent decides when tasks end.
process.on('SIGINT', () => undefined);
process.on('disconnect', () => process.exit(0));

const [, , moduleUrl] = process.argv;
if (moduleUrl === undefined || process.send === undefined) {
  process.stderr.write('compute-child is started by percuss itself\n');
  process.exit(2);
}
await serve(moduleUrl);
