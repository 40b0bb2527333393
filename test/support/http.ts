/** The JSON of an answer. */
export const jsonOf = async (answer: Response | Promise<Response>) => JSON.parse(await (await answer).text());
