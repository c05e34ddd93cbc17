export interface TopicDeletion {
  /**
   * Deletes the topics of both environments; a missing topic is no error. Rejects with `service_unavailable` and what
   * to do.
   */
  deleteOrganizationTopics(organizationIds: readonly string[]): Promise<void>
}
