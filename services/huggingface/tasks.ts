import { MEDIA_TASKS } from './media-tasks.ts'
import type { Task } from './task.ts'
import { TEXT_TASKS } from './text-tasks.ts'

/** All tasks, by name. */
export const TASKS: ReadonlyMap<string, Task> = new Map([...TEXT_TASKS, ...MEDIA_TASKS].map(task => [task.name, task]))
