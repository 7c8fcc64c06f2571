// `npm run spell -- …`: spells from the shell, with neither server nor port. See docs/shell.md.
import { main } from './spell/main.ts'

process.exitCode = await main(process.argv.slice(2), process.env)
// What a node left open after its run must not hold the shell.
setTimeout(() => process.exit(), 1_000).unref()
