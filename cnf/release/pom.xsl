<?xml version="1.0" encoding="UTF-8"?>
<!-- A released POM: of the dependencies only those that a user of the artifact needs. What is provided comes from the framework,
     what is optional is embedded, and a POM that brings no jar brings no dependencies. -->
<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform" xmlns:pom="http://maven.apache.org/POM/4.0.0"
    exclude-result-prefixes="pom">
  <xsl:output method="xml" encoding="UTF-8" indent="yes"/>
  <xsl:strip-space elements="*"/>

  <xsl:template match="@*|node()">
    <xsl:copy>
      <xsl:apply-templates select="@*|node()"/>
    </xsl:copy>
  </xsl:template>

  <xsl:template match="pom:project[pom:packaging = 'pom']/pom:dependencies"/>
  <xsl:template match="pom:project/pom:dependencies/pom:dependency[pom:scope = 'provided' or pom:optional = 'true']"/>
  <xsl:template match="pom:dependencyManagement//pom:version/text()[. = '${project.version}']">
    <xsl:value-of select="/pom:project/pom:version"/>
  </xsl:template>
  <!-- For children, of which a flat POM has none. -->
  <xsl:template match="pom:scm/@*"/>
</xsl:stylesheet>
