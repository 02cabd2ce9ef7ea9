<?xml version="1.0" encoding="UTF-8"?>
<!-- Makes of the form of the factory mqtt.resilient.client that of mqtt.resilient.kura.client: what Kura has of its own is
     the default, and what Kura adds is at the end. Everything else is the same. -->
<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform">
  <xsl:output method="xml" encoding="UTF-8" indent="yes"/>
  <xsl:strip-space elements="*"/>

  <xsl:template match="@*|node()">
    <xsl:copy><xsl:apply-templates select="@*|node()"/></xsl:copy>
  </xsl:template>

  <!-- There are no translations, and Kura would show their keys. -->
  <xsl:template match="@localization"/>

  <xsl:template match="OCD/@id|Designate/@factoryPid|Object/@ocdref">
    <xsl:attribute name="{name()}">mqtt.resilient.kura.client</xsl:attribute>
  </xsl:template>

  <xsl:template match="AD[@id='mqtt.client']">
    <AD id="mqtt.client" type="String" required="false" name="{@name}" default=""
        description="{@description} Empty: the name of this component in Kura."/>
  </xsl:template>

  <!-- Nothing, or a client that was just made would dial a broker that nobody has entered. -->
  <xsl:template match="AD[@id='brokers']/@default">
    <xsl:attribute name="default"/>
  </xsl:template>

  <!-- Kura's console shows the first ten values of a list, and sends no more: a text area loses none. -->
  <xsl:template match="AD[@cardinality and @type='String']/@cardinality"/>
  <xsl:template match="AD[@cardinality and @type='String']/@description">
    <xsl:attribute name="description">
      <xsl:value-of select="."/>
      <xsl:text> One in each line.|TextArea</xsl:text>
    </xsl:attribute>
  </xsl:template>

  <xsl:template match="AD[@id='store.directory']/@description">
    <xsl:attribute name="description">Where the client keeps its state; it must be on a disk that survives a reboot. Empty: the directory mqtt.resilient in Kura's data directory. A change waits until nothing is pending.</xsl:attribute>
  </xsl:template>

  <xsl:template match="AD[@id='tls.keystore' or @id='tls.truststore']/@description">
    <xsl:attribute name="description">
      <xsl:value-of select="."/>
      <xsl:text> With a key store or a trust store here, Kura's SSL manager is not used.</xsl:text>
    </xsl:attribute>
  </xsl:template>

  <xsl:template match="OCD">
    <xsl:copy>
      <xsl:apply-templates select="@*|node()"/>
      <AD id="topic.context.account-name" type="String" required="false" name="Kura: Topic Context Account-Name"
          default="account-name"
          description="Replaces #account-name in the topics of the will and of the birth message; #client-id is the client identifier, which must be entered for it."/>
      <AD id="kura.ssl.manager" type="Boolean" name="Kura: use an SSL manager" default="true"
          description="Take keys and trust from the SSL manager below. false: as without Kura, from tls.keystore and tls.truststore, or what Java trusts."/>
      <AD id="SslManagerService.target" type="String" required="false" name="Kura: SSL manager"
          default="(kura.service.pid=org.eclipse.kura.ssl.SslManagerService)"
          description="The SSL manager whose keys and trust secure the connections; tls.key.alias selects one of its keys."/>
      <AD id="kura.status.led" type="Boolean" name="Kura: status LED" default="false"
          description="Show the state of the connection with the status LED of the gateway."/>
      <AD id="kura.watchdog.minutes" type="Integer" name="Kura: watchdog (min)" min="0" max="10080" default="0"
          description="Let Kura's watchdog restart the gateway when there was no connection for so long, although one was wanted and nobody refused it. 0: never."/>
    </xsl:copy>
  </xsl:template>
</xsl:stylesheet>
