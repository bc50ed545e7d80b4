// Waiting for something outside of a page: ask again until the assertion holds, or tell its last failure.

const BETWEEN = 25;

/** Repeats `attempt` until it does not throw; gives what it gives. */
export async function eventually(attempt, { within = 10_000 } = {}) {
  const deadline = Date.now() + within;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (Date.now() >= deadline) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, BETWEEN));
  }
}
