import { spawn } from 'node:child_process';
import { tool, toolNames } from './tool.ts';

const [name, ...args] = process.argv.slice(2);
if (name === undefined || name === '--help') {
  process.stderr.write(
    `usage: npm run -s tool -- NAME [arguments]\nNAME is one of ${toolNames().join(', ')}\n`,
  );
  process.exit(name === undefined ? 2 : 0);
}
try {
  const child = spawn(await tool(name), args, { stdio: 'inherit' });
  for (const event of ['SIGINT', 'SIGTERM'] as const) process.on(event, () => child.kill(event));
  child.once('close', (code) => process.exit(code ?? 1));
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
  process.exit(1);
}
